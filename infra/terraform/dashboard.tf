locals {
  # Each chart: its title, what it shows, and how its points and its lines are put together.
  charts = [
    {
      title = "Runs, by how they ended", filter = local.metric["runs"],
      align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = ["metric.label.outcome"]
    },
    {
      title = "What stopped them", filter = "${local.metric["runs"]} AND metric.labels.error!=\"\"",
      align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = ["metric.label.error"]
    },
    {
      title = "Longest wait of a user who is due (s)", filter = local.metric["late_seconds"],
      align = "ALIGN_PERCENTILE_99", reduce = "REDUCE_MAX", by = []
    },
    {
      title  = "Tasks that wait",
      filter = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND resource.type=\"cloud_tasks_queue\"",
      align  = "ALIGN_MAX", reduce = "REDUCE_MAX", by = []
    },
    {
      title = "Backlog of a user, 95th percentile", filter = local.metric["backlog"],
      align = "ALIGN_DELTA", reduce = "REDUCE_PERCENTILE_95", by = []
    },
    {
      title = "Changes that wait for the next batch, 95th percentile", filter = local.metric["remaining"],
      align = "ALIGN_DELTA", reduce = "REDUCE_PERCENTILE_95", by = []
    },
    {
      title = "Seconds of a request, 95th percentile", filter = local.metric["seconds"],
      align = "ALIGN_DELTA", reduce = "REDUCE_PERCENTILE_95", by = ["resource.label.service_name"]
    },
    {
      title = "Failures", filter = local.metric["failures"],
      align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = ["metric.label.function"]
    },
    {
      title  = "Instances",
      filter = "metric.type=\"run.googleapis.com/container/instance_count\" AND ${local.of_functions}",
      align  = "ALIGN_MAX", reduce = "REDUCE_SUM", by = ["resource.label.service_name"]
    },
    {
      title  = "Firestore: documents read",
      filter = "metric.type=\"firestore.googleapis.com/document/read_ops_count\" AND resource.type=\"firestore.googleapis.com/Database\"",
      align  = "ALIGN_RATE", reduce = "REDUCE_SUM", by = []
    },
    {
      title  = "Firestore: documents written",
      filter = "metric.type=\"firestore.googleapis.com/document/write_ops_count\" AND resource.type=\"firestore.googleapis.com/Database\"",
      align  = "ALIGN_RATE", reduce = "REDUCE_SUM", by = []
    },
  ]
}

resource "google_monitoring_dashboard" "overview" {
  dashboard_json = jsonencode({
    displayName = "Contact sync"
    mosaicLayout = {
      columns = 12
      tiles = [
        for n, chart in local.charts : {
          xPos   = (n % 2) * 6
          yPos   = floor(n / 2) * 4
          width  = 6
          height = 4
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = chart.filter
                    aggregation = {
                      alignmentPeriod    = "60s"
                      perSeriesAligner   = chart.align
                      crossSeriesReducer = chart.reduce
                      groupByFields      = chart.by
                    }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })

  depends_on = [google_logging_metric.distribution, google_logging_metric.counter]
}
