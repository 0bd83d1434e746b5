# -- must be set -------------------------------------------------------------------------------------

variable "project" {
  description = "Id of the Google Cloud project, which should hold nothing else."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's id like contact-sync-123456: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "oauth_client_id" {
  description = "Id of the OAuth client that users sign in with (README, step 4). Its secret is not given here."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+-[a-z0-9]+\\.apps\\.googleusercontent\\.com$", var.oauth_client_id))
    error_message = "oauth_client_id must be like 123456789012-abc123.apps.googleusercontent.com, as the console shows it."
  }
}

# -- where -------------------------------------------------------------------------------------------

variable "region" {
  description = "Where functions, queue and scheduler run. It is part of the address; changing it later means installing anew."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a single region like us-central1 or europe-west1."
  }
}

variable "database_location" {
  description = "Where Firestore keeps the documents, for good: a region, or nam5 or eur3 at twice the price. Blank: the region."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|nam5|eur3|[a-z]+-[a-z]+[0-9]+)$", var.database_location))
    error_message = "database_location must be blank, a region like europe-west1, nam5 or eur3."
  }
}

variable "database" {
  description = "Name of the Firestore database. Only a project's first database has a free quota."
  type        = string
  default     = "(default)"

  validation {
    condition     = var.database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.database))
    error_message = "database must be (default), or 4 to 63 lower-case letters, digits and hyphens."
  }
}

# -- who ---------------------------------------------------------------------------------------------

variable "sign_in_domains" {
  description = "Email domains that may sign in. Empty: all that the OAuth consent screen lets in."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for domain in var.sign_in_domains : can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", domain))])
    error_message = "sign_in_domains must be domains in lower case like example.com, without @."
  }
}

variable "sugar_hosts" {
  description = "Sugar hosts that may be connected; *.example.com stands for all hosts below it. Empty: any public one."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for host in var.sugar_hosts : can(regex("^(\\*\\.)?([a-z0-9-]+\\.)+[a-z]{2,}$", host))])
    error_message = "sugar_hosts must be host names in lower case like crm.example.com or *.example.com, without https://."
  }
}

# -- how much ----------------------------------------------------------------------------------------

variable "sizes" {
  description = <<-EOT
    By function, what differs from the usual sizes in functions.tf: memory (like 512Mi), cpu (1 or more where
    concurrency is above 1), timeout in seconds, concurrency (requests at once in one instance), and how many
    instances run at least (min) and at most (max).
  EOT
  type = map(object({
    memory      = optional(string)
    cpu         = optional(string)
    timeout     = optional(number)
    concurrency = optional(number)
    min         = optional(number)
    max         = optional(number)
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.sizes), keys(local.functions))) == 0
    error_message = "sizes must be keyed by functions that exist: ${join(", ", keys(local.functions))}."
  }

  validation {
    condition     = alltrue([for size in values(var.sizes) : size.memory == null || can(regex("^[0-9]+(Mi|Gi|M|G)$", size.memory))])
    error_message = "sizes: memory must be like 512Mi or 1Gi."
  }

  validation {
    condition     = alltrue([for size in values(var.sizes) : size.cpu == null || try(tonumber(size.cpu) >= 0.08 && tonumber(size.cpu) <= 8, false)])
    error_message = "sizes: cpu must be a number from 0.08 to 8, in quotes."
  }

  validation {
    condition = alltrue(flatten([
      for size in values(var.sizes) : [
        for key, range in { timeout = [1, 3600], concurrency = [1, 80], min = [0, 1000], max = [1, 1000] } :
        size[key] == null || try(size[key] >= range[0] && size[key] <= range[1] && floor(size[key]) == size[key], false)
      ]
    ]))
    error_message = "sizes must be whole numbers: timeout from 1 to 3600, concurrency from 1 to 80, min from 0 and max from 1 to 1000."
  }
}

variable "tasks_per_second" {
  description = "How many syncs the queue starts in a second at most; 25,000 users every 5 minutes are 84."
  type        = number
  default     = 150

  validation {
    condition     = var.tasks_per_second >= 1 && var.tasks_per_second <= 500
    error_message = "tasks_per_second must be from 1 to 500, which is the most that one queue does."
  }
}

variable "vpc_connector" {
  description = "A Serverless VPC Access connector (projects/P/locations/L/connectors/C) that syncs go out through, for a Sugar that admits fixed addresses only. Blank: none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|projects/[^/]+/locations/[^/]+/connectors/[^/]+)$", var.vpc_connector))
    error_message = "vpc_connector must be blank or like projects/P/locations/L/connectors/C."
  }
}

# -- keeping -----------------------------------------------------------------------------------------

variable "delete_protection" {
  description = "Whether Firestore refuses to delete the database."
  type        = bool
  default     = true
}

variable "point_in_time_recovery" {
  description = "Whether any minute of the last 7 days can be read or restored."
  type        = bool
  default     = true
}

variable "backup_days" {
  description = "Days that the daily backups are kept."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 98 && floor(var.backup_days) == var.backup_days
    error_message = "backup_days must be whole days from 1 to 98."
  }
}

variable "archive" {
  description = <<-EOT
    Where history goes when its time has come, by its S3 interface; else it is only removed then. `bucket`: its name.
    `create`: make it here, in Google Cloud Storage; else it exists, here or elsewhere. `endpoint`: of its S3 interface;
    aws: Amazon's own, by its `region`. `access_key`: id of the key; blank until it is there. The key's secret is a
    version of the secret archive-secret-key (docs/operations.md). null: no archive.
  EOT
  type = object({
    bucket     = string
    create     = optional(bool, true)
    endpoint   = optional(string, "https://storage.googleapis.com")
    region     = optional(string, "auto")
    access_key = optional(string, "")
  })
  default = null

  validation {
    condition     = var.archive == null || can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", var.archive.bucket))
    error_message = "archive.bucket must be a bucket's name: 3 to 63 lower-case letters, digits, dots, hyphens and underscores."
  }

  validation {
    condition     = var.archive == null || can(regex("^(aws|https://[a-z0-9.-]+)$", var.archive.endpoint))
    error_message = "archive.endpoint must be like https://storage.googleapis.com, or aws."
  }

  validation {
    condition     = var.archive == null || try(var.archive.endpoint != "aws" || var.archive.region != "auto", false)
    error_message = "archive.region must be set where the endpoint is aws, like eu-central-1."
  }

  validation {
    condition     = try(var.archive.create, false) == false || try(var.archive.endpoint, "") == "https://storage.googleapis.com"
    error_message = "archive.create must be false where the endpoint is not Google's: the bucket is made in Google Cloud Storage."
  }
}

# -- being told --------------------------------------------------------------------------------------

variable "alert_emails" {
  description = "Who is told when something is wrong. Empty: alerts show in the console only."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "alert_emails must be email addresses."
  }
}

variable "thresholds" {
  description = <<-EOT
    When alerts are raised. `late_minutes`: the user who was due first waits that long. `queue_depth`: so many tasks wait.
    `failed_percent`: of all runs end early. `grants_lost`: runs within an hour that a side did not let in.
    `backlog_growth`: a user's open entries, on average, against a day ago.
  EOT
  type = object({
    late_minutes   = optional(number, 15)
    queue_depth    = optional(number, 5000)
    failed_percent = optional(number, 20)
    grants_lost    = optional(number, 20)
    backlog_growth = optional(number, 5)
  })
  default = {}

  validation {
    condition     = alltrue([for value in values(var.thresholds) : value > 0]) && var.thresholds.failed_percent <= 100
    error_message = "thresholds must be above 0, and failed_percent at most 100."
  }
}

variable "budget" {
  description = "A monthly budget for this project: the id of its billing account, the amount in whole units, and the account's currency. null: none."
  type = object({
    billing_account = string
    amount          = number
    currency        = optional(string, "USD")
  })
  default = null

  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "budget.billing_account must be like 012345-6789AB-CDEF01 (gcloud billing accounts list)."
  }

  validation {
    condition     = var.budget == null || try(var.budget.amount >= 1 && floor(var.budget.amount) == var.budget.amount, false)
    error_message = "budget.amount must be a whole number from 1."
  }

  validation {
    condition     = var.budget == null || can(regex("^[A-Z]{3}$", var.budget.currency))
    error_message = "budget.currency must be three capital letters like USD."
  }
}
