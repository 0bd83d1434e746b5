locals {
  # Not before there is a key: the functions refuse a bucket without one.
  archive_environment = try(var.archive.access_key, "") == "" ? {} : {
    ARCHIVE_BUCKET     = var.archive.bucket
    ARCHIVE_ENDPOINT   = var.archive.endpoint
    ARCHIVE_REGION     = var.archive.region
    ARCHIVE_ACCESS_KEY = var.archive.access_key
  }
}

resource "google_storage_bucket" "archive" {
  #checkov:skip=CKV_GCP_62:who reads it is in the project's audit log
  count = try(var.archive.create, false) ? 1 : 0

  name     = var.archive.bucket
  location = var.region

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  storage_class               = "STANDARD"

  versioning {
    enabled = true # what is deleted with the key can be brought back for a while
  }

  # Whoever has all data deleted has this deleted, too.
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age = 30
    }
    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }
  }

  depends_on = [google_project_service.api]
}

# Whose key the archive is written with. The key is made by a person: one made here would lie in Terraform's state.
resource "google_service_account" "archive" {
  count = try(var.archive.create, false) ? 1 : 0

  account_id   = "contact-sync-archive"
  display_name = "Contact sync: writes the archive"

  depends_on = [google_project_service.api]
}

resource "google_storage_bucket_iam_member" "archive" {
  count = try(var.archive.create, false) ? 1 : 0

  bucket = google_storage_bucket.archive[0].name
  role   = "roles/storage.objectUser"
  member = google_service_account.archive[0].member
}
