# What each of them means and what to do: docs/operations.md.

locals {
  metric = { for name in concat(keys(local.distributions), keys(local.counters)) :
    name => "metric.type=\"logging.googleapis.com/user/contact_sync_${name}\" AND ${local.of_functions}"
  }

  channels = [for channel in google_monitoring_notification_channel.email : channel.id]
  manual   = "See the part of this name in docs/operations.md of the installation's sources."

  # What a metric must exceed, and for how long.
  above = {
    late = {
      title  = "Users wait for their sync"
      filter = local.metric["late_seconds"]
      limit  = var.thresholds.late_minutes * 60
      lasts  = "300s"
      every  = "300s"
      align  = "ALIGN_PERCENTILE_99"
      reduce = "REDUCE_MAX"
    }
    queue = {
      title  = "Tasks pile up"
      filter = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND resource.type=\"cloud_tasks_queue\" AND resource.labels.queue_id=\"contact-sync\""
      limit  = var.thresholds.queue_depth
      lasts  = "600s"
      every  = "60s"
      align  = "ALIGN_MAX"
      reduce = "REDUCE_MAX"
    }
    failures = {
      title  = "Something failed that should not"
      filter = local.metric["failures"]
      limit  = 0
      lasts  = "0s"
      every  = "300s"
      align  = "ALIGN_SUM"
      reduce = "REDUCE_SUM"
    }
    grants = {
      title  = "Grants are lost"
      filter = "${local.metric["runs"]} AND metric.labels.error=one_of(\"GrantLost\", \"ScopeMissing\")"
      limit  = var.thresholds.grants_lost
      lasts  = "0s"
      every  = "3600s"
      align  = "ALIGN_SUM"
      reduce = "REDUCE_SUM"
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  display_name = "Contact sync: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "above" {
  for_each = local.above

  display_name          = "Contact sync: ${each.value.title}"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.limit
      duration        = each.value.lasts

      aggregations {
        alignment_period     = each.value.every
        per_series_aligner   = each.value.align
        cross_series_reducer = each.value.reduce
      }
    }
  }

  documentation {
    content = local.manual
  }

  depends_on = [google_logging_metric.distribution, google_logging_metric.counter]
}

resource "google_monitoring_alert_policy" "runs" {
  display_name          = "Contact sync: Runs end early"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "Of all runs, those that ended early"

    condition_threshold {
      filter             = "${local.metric["runs"]} AND metric.labels.outcome=\"later\""
      denominator_filter = local.metric["runs"]
      comparison         = "COMPARISON_GT"
      threshold_value    = var.thresholds.failed_percent / 100
      duration           = "900s"

      aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }

      denominator_aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = local.manual
  }

  depends_on = [google_logging_metric.counter]
}

resource "google_monitoring_alert_policy" "dispatch" {
  display_name          = "Contact sync: Nobody is dispatched"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "The dispatcher has not looked for 10 minutes"

    condition_absent {
      filter   = local.metric["late_seconds"]
      duration = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_COUNT"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = local.manual
  }

  depends_on = [google_logging_metric.distribution]
}

locals {
  # Entries of a user on average: in the log-based distribution's terms, over the last hour.
  backlog_name = "logging_googleapis_com:user_contact_sync_backlog"
  backlog_mean = {
    for when in ["", " offset 1d"] : when =>
    "sum(rate(${local.backlog_name}_sum{monitored_resource=\"cloud_run_revision\"}[1h]${when})) / sum(rate(${local.backlog_name}_count{monitored_resource=\"cloud_run_revision\"}[1h]${when}))"
  }
}

resource "google_monitoring_alert_policy" "backlog" {
  display_name          = "Contact sync: The backlog grows"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "A user's open entries, on average, against a day ago"

    condition_prometheus_query_language {
      query               = "(${local.backlog_mean[""]}) - (${local.backlog_mean[" offset 1d"]}) > ${var.thresholds.backlog_growth}"
      duration            = "3600s"
      evaluation_interval = "300s"
    }
  }

  documentation {
    content = local.manual
  }

  depends_on = [google_logging_metric.distribution]
}
