# The archive in a bucket that is not made here.

mock_provider "google" {}
mock_provider "archive" {}

override_module {
  target = module.zips
}

variables {
  project         = "contact-sync-test"
  oauth_client_id = "123456789012-abc123.apps.googleusercontent.com"
  archive         = { bucket = "history", create = false, endpoint = "https://s3.eu-central-1.amazonaws.com", access_key = "AKIAEXAMPLE" }
}

run "elsewhere" {
  command = plan

  assert {
    condition     = length(google_storage_bucket.archive) == 0 && length(google_service_account.archive) == 0 && output.archive_key == null
    error_message = "Nothing is made for a bucket elsewhere but the secret."
  }

  assert {
    condition     = contains(keys(google_secret_manager_secret.secret), "archive-secret-key")
    error_message = "Its key has a place."
  }
}
