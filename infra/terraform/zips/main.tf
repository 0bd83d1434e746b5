# Writes the zips. A module of its own, so that tests of all the rest need not read the sources.

terraform {
  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }
}

variable "root" {
  description = "The top folder of the sources."
  type        = string
}

variable "folder" {
  description = "Where the zips go."
  type        = string
}

variable "files" {
  description = "By zip: for each file in it, which one of the sources it is."
  type        = map(map(string))
}

data "archive_file" "zip" {
  for_each = var.files

  type             = "zip"
  output_path      = "${var.folder}/${each.key}.zip"
  output_file_mode = "0644"

  dynamic "source" {
    for_each = each.value

    content {
      filename = source.key
      content  = file("${var.root}/${source.value}")
    }
  }
}
