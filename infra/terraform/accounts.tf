# A service account for each function, with the rights that this function needs and no others. A test compares them with
# what the functions were seen to use.

resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = "fn-${replace(each.key, "_", "-")}"
  display_name = "Contact sync: ${each.key}"

  depends_on = [google_project_service.api]
}

# What Cloud Scheduler and Cloud Tasks call as. It may call two functions, and nothing else.
resource "google_service_account" "caller" {
  account_id   = "contact-sync-caller"
  display_name = "Contact sync: scheduler and queue"

  depends_on = [google_project_service.api]
}

# What builds the images; the project's default account could do far more.
resource "google_service_account" "build" {
  account_id   = "contact-sync-build"
  display_name = "Contact sync: builds"

  depends_on = [google_project_service.api]
}

# -- documents ---------------------------------------------------------------------------------------

resource "google_project_iam_member" "documents" {
  for_each = { for name, function in local.functions : name => function.store if function.store != "none" }

  project = var.project
  role    = each.value == "write" ? "roles/datastore.user" : "roles/datastore.viewer"
  member  = google_service_account.function[each.key].member

  condition {
    title      = "this database only"
    expression = "resource.name == \"projects/${var.project}/databases/${var.database}\""
  }
}

# -- secrets -----------------------------------------------------------------------------------------

locals {
  reads = merge([
    for name, function in local.functions : {
      for secret in concat(function.secrets, function.archive && var.archive != null ? ["archive-secret-key"] : []) :
      "${name} ${secret}" => { function = name, secret = secret }
    }
  ]...)
  starts = merge([
    for name, function in local.functions : {
      for secret in function.starts : "${name} ${secret}" => { function = name, secret = secret }
    }
  ]...)
}

resource "google_secret_manager_secret_iam_member" "reads" {
  for_each = local.reads

  secret_id = google_secret_manager_secret.secret[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}

# Of a ring without keys the first one is made by whoever needs it first, so no key lies in Terraform's state.
resource "google_secret_manager_secret_iam_member" "starts" {
  for_each = local.starts

  secret_id = google_secret_manager_secret.secret[each.value.secret].id
  role      = "roles/secretmanager.secretVersionAdder"
  member    = google_service_account.function[each.value.function].member
}

# -- who may call ------------------------------------------------------------------------------------

locals {
  # The Cloud Run service of a function: services may have no underscores in their names.
  services = { for name, function in google_cloudfunctions2_function.function : name => replace(function.name, "_", "-") }
}

resource "google_cloud_run_service_iam_member" "public" {
  #checkov:skip=CKV_GCP_102:browsers call these without Google credentials; each checks the session and the origin itself
  for_each = { for name, function in local.functions : name => function if function.public }

  location = var.region
  service  = local.services[each.key]
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_run_service_iam_member" "caller" {
  for_each = { for name, function in local.functions : name => function if !function.public }

  location = var.region
  service  = local.services[each.key]
  role     = "roles/run.invoker"
  member   = google_service_account.caller.member
}

# -- the queue ---------------------------------------------------------------------------------------

resource "google_cloud_tasks_queue_iam_member" "dispatch" {
  location = var.region
  name     = google_cloud_tasks_queue.sync.name
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.function["dispatch"].member
}

# Who makes a task that calls as an account has to be allowed to act as that account.
resource "google_service_account_iam_member" "dispatch" {
  service_account_id = google_service_account.caller.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.function["dispatch"].member
}

# -- builds ------------------------------------------------------------------------------------------
#
# What Google asks for of an account that builds functions: https://cloud.google.com/functions/docs/securing/build-custom-sa
# All functions wait for all of it (functions.tf); a test compares.

resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

resource "google_artifact_registry_repository_iam_member" "build" {
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

# Cloud Functions copies the zips into a bucket of its own, and has them built from there. It makes that bucket with the
# first function, so the right to it stands on the project and names it.
resource "google_project_iam_member" "build_sources" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "sources of functions only"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.project.number}-${var.region}/objects/\")"
  }
}
