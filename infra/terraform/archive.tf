locals {
  archiving           = var.archive == null ? [] : ["sync", "sync-worker"]
  archive_environment = {}
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
    enabled = true # what is archived stays, whoever gets hold of the key
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
