# With everything switched on, and other than usual. Applied, then planned again: a test reads that plan, which must not
# change anything.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" } # the same each time
  }
}
mock_provider "archive" {}

override_module {
  target = module.zips
}

variables {
  project                = "contact-sync-test"
  oauth_client_id        = "123456789012-abc123.apps.googleusercontent.com"
  region                 = "europe-west1"
  database_location      = "eur3"
  database               = "contacts"
  sign_in_domains        = ["example.com", "example.org"]
  sugar_hosts            = ["crm.example.com", "*.sugar.example.com"]
  sizes                  = { sync-worker = { memory = "1Gi", max = 1000 }, status = { min = 1 }, labels = { cpu = "0.5", concurrency = 1 } }
  tasks_per_second       = 500
  vpc_connector          = "projects/contact-sync-test/locations/europe-west1/connectors/fixed"
  delete_protection      = false
  point_in_time_recovery = false
  backup_days            = 98
  archive                = { bucket = "contact-sync-test-history", access_key = "GOOG1EXAMPLE" }
  alert_emails           = ["admin@example.com", "other@example.com"]
  thresholds             = { late_minutes = 60, queue_depth = 100, failed_percent = 50, grants_lost = 5, backlog_growth = 2 }
  budget                 = { billing_account = "012345-6789AB-CDEF01", amount = 100, currency = "EUR" }
}

run "everything" {
  assert {
    condition = (
      google_cloudfunctions2_function.function["status"].service_config[0].environment_variables["SIGN_IN_DOMAINS"] == "example.com,example.org"
      && google_cloudfunctions2_function.function["sugar"].service_config[0].environment_variables["SUGAR_HOSTS"] == "crm.example.com,*.sugar.example.com"
      && google_cloudfunctions2_function.function["sync"].service_config[0].environment_variables["STORE"] == "firestore:contact-sync-test/contacts"
    )
    error_message = "What is configured reaches the functions."
  }

  assert {
    condition = (
      google_cloudfunctions2_function.function["sync-worker"].service_config[0].available_memory == "1Gi"
      && google_cloudfunctions2_function.function["sync-worker"].service_config[0].available_cpu == "1"
      && google_cloudfunctions2_function.function["status"].service_config[0].min_instance_count == 1
      && google_cloudfunctions2_function.function["labels"].service_config[0].environment_variables["THREADS"] == "1"
      && google_cloud_tasks_queue.sync.rate_limits[0].max_concurrent_dispatches == 5000
    )
    error_message = "Sizes are those given, the usual ones else; and a queue takes 5,000 at once at most."
  }

  assert {
    condition = alltrue([
      for function in values(google_cloudfunctions2_function.function) :
      function.service_config[0].vpc_connector_egress_settings == "ALL_TRAFFIC" && function.location == "europe-west1"
    ])
    error_message = "All go out through the connector."
  }

  assert {
    condition = (
      google_firestore_database.database.deletion_policy == "DELETE"
      && google_firestore_database.database.location_id == "eur3"
      && google_firestore_database.database.name == "contacts"
      && google_firestore_backup_schedule.daily.retention == "8467200s"
    )
    error_message = "The database is as told."
  }

  assert {
    condition = (
      google_storage_bucket.archive[0].name == "contact-sync-test-history"
      && google_storage_bucket_iam_member.archive[0].member == google_service_account.archive[0].member
      && contains(keys(google_secret_manager_secret.secret), "archive-secret-key")
      && contains(keys(google_secret_manager_secret_iam_member.reads), "sync-worker archive-secret-key")
      && google_cloudfunctions2_function.function["history"].service_config[0].environment_variables["ARCHIVE_ACCESS_KEY"] == "GOOG1EXAMPLE"
      && !contains(keys(google_cloudfunctions2_function.function["preview"].service_config[0].environment_variables), "ARCHIVE_BUCKET")
    )
    error_message = "The archive has its bucket, its account and its secret."
  }

  assert {
    condition = alltrue([
      for policy in concat(
        values(google_monitoring_alert_policy.above),
        [google_monitoring_alert_policy.runs, google_monitoring_alert_policy.dispatch, google_monitoring_alert_policy.backlog],
      ) : length(policy.notification_channels) == 2
    ])
    error_message = "All alerts are sent to everybody named."
  }

  assert {
    condition = (
      google_billing_budget.monthly[0].amount[0].specified_amount[0].units == "100"
      && contains(keys(google_project_service.api), "billingbudgets.googleapis.com")
    )
    error_message = "The budget is as told."
  }
}

run "again" {
  command = plan
}
