# Bad variables are refused, each by its name: every run holds one bad value of each variable that it names.

mock_provider "google" {}
mock_provider "archive" {}

override_module {
  target = module.zips
}

variables {
  project         = "contact-sync-test"
  oauth_client_id = "123456789012-abc123.apps.googleusercontent.com"
}

run "first" {
  command = plan

  variables {
    project           = "Contact_Sync"
    oauth_client_id   = "GOCSPX-abc"
    region            = "europe-west1-b"
    database_location = "europe"
    database          = "my_database"
    sign_in_domains   = ["@example.com"]
    sugar_hosts       = ["https://crm.example.com"]
    sizes             = { synk = { max = 1 } }
    tasks_per_second  = 501
    vpc_connector     = "fixed"
    backup_days       = 365
    archive           = { bucket = "gs://history" }
    alert_emails      = ["admin"]
    thresholds        = { failed_percent = 101 }
    budget            = { billing_account = "My Billing Account", amount = 100 }
  }

  expect_failures = [
    var.project,
    var.oauth_client_id,
    var.region,
    var.database_location,
    var.database,
    var.sign_in_domains,
    var.sugar_hosts,
    var.sizes,
    var.tasks_per_second,
    var.vpc_connector,
    var.backup_days,
    var.archive,
    var.alert_emails,
    var.thresholds,
    var.budget,
  ]
}

run "second" {
  command = plan

  variables {
    sugar_hosts      = ["*"]
    sizes            = { sync = { memory = "512" } }
    tasks_per_second = 0
    backup_days      = 1.5
    archive          = { bucket = "history", endpoint = "storage.googleapis.com" }
    thresholds       = { late_minutes = 0 }
    budget           = { billing_account = "012345-6789AB-CDEF01", amount = 0.5 }
  }

  expect_failures = [
    var.sugar_hosts,
    var.sizes,
    var.tasks_per_second,
    var.backup_days,
    var.archive,
    var.thresholds,
    var.budget,
  ]
}

run "third" {
  command = plan

  variables {
    sizes   = { sync = { cpu = "two" } }
    archive = { bucket = "history", create = false, endpoint = "aws" }
    budget  = { billing_account = "012345-6789AB-CDEF01", amount = 1, currency = "$" }
  }

  expect_failures = [
    var.sizes,
    var.archive,
    var.budget,
  ]
}

run "fourth" {
  command = plan

  variables {
    sizes = { sync = { concurrency = 1.5 } }
  }

  expect_failures = [
    var.sizes,
  ]
}

# Sizes that do not go together.

run "requests_that_share_too_little" {
  command = plan

  variables {
    sizes = { status = { cpu = "0.5" } }
  }

  expect_failures = [google_cloudfunctions2_function.function]
}

run "fewer_than_the_least" {
  command = plan

  variables {
    sizes = { status = { min = 11 } }
  }

  expect_failures = [google_cloudfunctions2_function.function]
}

run "run_that_is_cut_off" {
  command = plan

  variables {
    sizes = { sync-worker = { timeout = 60 } }
  }

  expect_failures = [google_cloudfunctions2_function.function]
}
