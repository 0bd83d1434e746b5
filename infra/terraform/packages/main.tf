# What is in the zip of each function, as the build wants it: main.py and requirements.txt at the top, the shared code
# beside them; and a hash of all that, so that exactly those functions are deployed anew whose files changed.

variable "root" {
  description = "The top folder of the sources."
  type        = string
}

variable "folders" {
  description = "By function: its folder below functions/."
  type        = map(string)
}

locals {
  left_behind = "(^|/)(__pycache__|\\.[^/]*)(/|$)|\\.pyc$"

  # shared/local serves everything in one process, on one machine.
  shared = [
    for file in fileset(var.root, "shared/**") : file
    if !startswith(file, "shared/local/") && !can(regex(local.left_behind, file))
  ]

  files = {
    for name, folder in var.folders : name => merge(
      { "requirements.txt" = "requirements.txt" },
      { for file in local.shared : file => file },
      {
        for file in fileset("${var.root}/functions/${folder}", "**") :
        file => "functions/${folder}/${file}" if !can(regex(local.left_behind, file))
      },
    )
  }

  known = {
    for file in toset(flatten([for files in local.files : values(files)])) : file => filesha256("${var.root}/${file}")
  }
}

output "files" {
  description = "By function: for each file in its zip, which one of the sources it is."
  value       = local.files
}

output "hashes" {
  description = "By function: a hash of what is in its zip."
  value = {
    for name, files in local.files :
    name => sha256(jsonencode({ for file, source in files : file => local.known[source] }))
  }
}
