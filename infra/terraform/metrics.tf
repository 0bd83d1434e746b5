# Numbers out of the log: each function writes one line a request, with ids and counts.

locals {
  of_functions = "resource.type=\"cloud_run_revision\""
  requests     = "${local.of_functions} AND jsonPayload.message=\"request\""

  distributions = {
    late_seconds = {
      filter = "${local.requests} AND jsonPayload.function=\"dispatch\""
      unit   = "s"
      about  = "How long the user who was due first has been waiting, each minute"
    }
    backlog = {
      filter = "${local.requests} AND jsonPayload.function=\"sync\""
      unit   = "1"
      about  = "Entries that wait for a person, of the user of each run"
    }
    remaining = {
      filter = "${local.requests} AND jsonPayload.function=\"sync\""
      unit   = "1"
      about  = "Changes that wait for the next batch, of the user of each run"
    }
    seconds = {
      filter = local.requests
      unit   = "s"
      about  = "How long each request took"
    }
  }

  counters = {
    runs = {
      filter = "${local.requests} AND jsonPayload.function=\"sync\" AND jsonPayload.outcome:*"
      labels = ["outcome", "error"]
      about  = "Runs, by how they ended"
    }
    failures = {
      filter = "${local.of_functions} AND severity>=ERROR"
      labels = ["function"]
      about  = "What should not happen"
    }
  }
}

resource "google_logging_metric" "distribution" {
  for_each = local.distributions

  name            = "contact_sync_${each.key}"
  description     = each.value.about
  filter          = "${each.value.filter} AND jsonPayload.${each.key}:*"
  value_extractor = "EXTRACT(jsonPayload.${each.key})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 40
      growth_factor      = 1.5
      scale              = 0.1
    }
  }

  depends_on = [google_project_service.api]
}

resource "google_logging_metric" "counter" {
  for_each = local.counters

  name             = "contact_sync_${each.key}"
  description      = each.value.about
  filter           = each.value.filter
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  depends_on = [google_project_service.api]
}
