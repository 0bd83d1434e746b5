locals {
  queue = "projects/${var.project}/locations/${var.region}/queues/contact-sync"
}

# Each minute the dispatcher finds who is due, and makes a task for each. What it misses, the next one finds: so it is
# not repeated here.
resource "google_cloud_scheduler_job" "dispatch" {
  name             = "contact-sync-dispatch"
  description      = "Finds the users whose sync is due, and enqueues them"
  region           = var.region
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "${local.sizes["dispatch"].timeout}s"

  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = local.dispatch_url

    oidc_token {
      service_account_email = google_service_account.caller.email
      audience              = local.dispatch_url
    }
  }

  depends_on = [google_cloud_run_service_iam_member.caller]
}

# A sync that fails is due still, and gets a new task each minute; so a task is repeated a few times only, for what passes
# within seconds, like an instance that could not start.
resource "google_cloud_tasks_queue" "sync" {
  name     = "contact-sync"
  location = var.region

  rate_limits {
    max_dispatches_per_second = var.tasks_per_second
    max_concurrent_dispatches = min(5000, local.sizes["sync-worker"].concurrency * local.sizes["sync-worker"].max)
  }

  retry_config {
    max_attempts       = 3
    min_backoff        = "5s"
    max_backoff        = "30s"
    max_doublings      = 2
    max_retry_duration = "300s"
  }

  stackdriver_logging_config {
    sampling_ratio = 0.01
  }

  depends_on = [google_project_service.api]
}
