# With nothing but what must be set.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
mock_provider "archive" {}

override_module {
  target = module.zips
}

variables {
  project         = "contact-sync-test"
  oauth_client_id = "123456789012-abc123.apps.googleusercontent.com"
}

run "defaults" {
  assert {
    condition = keys(google_cloud_run_service_iam_member.public) == [
      "account", "backlog", "backlog_release", "fields", "history", "labels", "oauth_callback", "oauth_start", "preview",
      "settings", "status", "sugar", "sync", "ui", "undo", "why",
    ]
    error_message = "Anybody may call exactly these functions, which check the session themselves."
  }

  assert {
    condition     = keys(google_cloud_run_service_iam_member.caller) == ["dispatch", "sync-worker"]
    error_message = "Exactly these functions are the platform's."
  }

  assert {
    condition = alltrue([
      for name, rights in google_cloud_run_service_iam_member.public :
      rights.member == "allUsers" && rights.role == "roles/run.invoker" && rights.service == replace(name, "_", "-")
    ])
    error_message = "Public means that anybody may call that function, and no more."
  }

  assert {
    condition = alltrue([
      for name, rights in google_cloud_run_service_iam_member.caller :
      rights.member == google_service_account.caller.member && rights.role == "roles/run.invoker" && rights.service == name
    ])
    error_message = "Only the account of scheduler and queue may call what is the platform's."
  }

  assert {
    condition = { for name, rights in google_project_iam_member.documents : name => rights.role } == {
      account         = "roles/datastore.user"
      backlog         = "roles/datastore.viewer"
      backlog_release = "roles/datastore.user"
      dispatch        = "roles/datastore.user"
      fields          = "roles/datastore.user"
      history         = "roles/datastore.viewer"
      labels          = "roles/datastore.viewer"
      oauth_callback  = "roles/datastore.user"
      preview         = "roles/datastore.user"
      settings        = "roles/datastore.user"
      status          = "roles/datastore.viewer"
      sugar           = "roles/datastore.user"
      sync            = "roles/datastore.user"
      sync-worker     = "roles/datastore.user"
      undo            = "roles/datastore.user"
      why             = "roles/datastore.user"
    }
    error_message = "Documents are read and written by exactly these functions."
  }

  assert {
    condition = alltrue([
      for name, rights in google_project_iam_member.documents :
      rights.member == google_service_account.function[name].member
      && rights.condition[0].expression == "resource.name == \"projects/contact-sync-test/databases/(default)\""
    ])
    error_message = "Each function's right to documents is its own account's, and ends with this database."
  }

  assert {
    condition = keys(google_secret_manager_secret_iam_member.reads) == [
      "account session-keys", "account token-keys",
      "backlog session-keys",
      "backlog_release session-keys",
      "fields session-keys", "fields token-keys",
      "history session-keys",
      "labels oauth-client-secret", "labels session-keys", "labels token-keys",
      "oauth_callback oauth-client-secret", "oauth_callback session-keys", "oauth_callback token-keys",
      "oauth_start session-keys",
      "preview oauth-client-secret", "preview session-keys", "preview token-keys",
      "settings oauth-client-secret", "settings session-keys", "settings token-keys",
      "status session-keys",
      "sugar session-keys", "sugar token-keys",
      "sync oauth-client-secret", "sync session-keys", "sync token-keys",
      "sync-worker oauth-client-secret", "sync-worker token-keys",
      "undo oauth-client-secret", "undo session-keys", "undo token-keys",
      "why oauth-client-secret", "why session-keys", "why token-keys",
    ]
    error_message = "Each secret is read by exactly these functions."
  }

  assert {
    condition = keys(google_secret_manager_secret_iam_member.starts) == [
      "oauth_callback token-keys", "oauth_start session-keys",
    ]
    error_message = "First keys are made by exactly these functions."
  }

  assert {
    condition = alltrue([
      for key, rights in merge(
        google_secret_manager_secret_iam_member.reads, google_secret_manager_secret_iam_member.starts
      ) :
      rights.member == google_service_account.function[split(" ", key)[0]].member
      && rights.secret_id == google_secret_manager_secret.secret[split(" ", key)[1]].id
    ])
    error_message = "Each right to a secret is that function's account's, to that secret."
  }

  assert {
    condition = (
      alltrue([for rights in values(google_secret_manager_secret_iam_member.reads) : rights.role == "roles/secretmanager.secretAccessor"])
      && alltrue([for rights in values(google_secret_manager_secret_iam_member.starts) : rights.role == "roles/secretmanager.secretVersionAdder"])
    )
    error_message = "Reading a secret and adding a version to it are two rights."
  }

  assert {
    condition = (
      google_cloud_tasks_queue_iam_member.dispatch.member == google_service_account.function["dispatch"].member
      && google_service_account_iam_member.dispatch.member == google_service_account.function["dispatch"].member
      && google_service_account_iam_member.dispatch.service_account_id == google_service_account.caller.name
    )
    error_message = "Only the dispatcher makes tasks, which call as the account of scheduler and queue."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.function :
      function.service_config[0].service_account_email == google_service_account.function[name].email
      && function.build_config[0].service_account == google_service_account.build.id
    ])
    error_message = "Each function runs as its own account, and is built as another."
  }

  assert {
    condition = (
      google_project_iam_member.build_logs.role == "roles/logging.logWriter"
      && google_artifact_registry_repository_iam_member.build.role == "roles/artifactregistry.writer"
      && google_artifact_registry_repository_iam_member.build.repository == google_artifact_registry_repository.images.name
      && google_storage_bucket_iam_member.build.role == "roles/storage.objectViewer"
      && google_storage_bucket_iam_member.build.bucket == google_storage_bucket.source.name
      && google_project_iam_member.build_sources.role == "roles/storage.objectViewer"
    )
    error_message = "What builds writes its log and its images, and reads sources."
  }

  # Neither of another region's bucket, nor of one whose name only begins alike.
  assert {
    condition = (
      google_project_iam_member.build_sources.condition[0].expression
      == "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-123456789012-us-central1/objects/\")"
    )
    error_message = "Of the buckets that are not made here, what builds reads that of Cloud Functions only."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.dispatch.http_target[0].uri == "https://us-central1-contact-sync-test.cloudfunctions.net/dispatch"
      && google_cloud_scheduler_job.dispatch.http_target[0].oidc_token[0].audience == google_cloudfunctions2_function.function["dispatch"].service_config[0].environment_variables["PLATFORM_AUDIENCE"]
      && google_cloud_scheduler_job.dispatch.http_target[0].oidc_token[0].service_account_email == google_cloudfunctions2_function.function["dispatch"].service_config[0].environment_variables["PLATFORM_ACCOUNT"]
    )
    error_message = "The scheduler calls the dispatcher with a token that it takes."
  }

  assert {
    condition = (
      google_cloudfunctions2_function.function["dispatch"].service_config[0].environment_variables["SYNC_URL"]
      == google_cloudfunctions2_function.function["sync-worker"].service_config[0].environment_variables["PLATFORM_AUDIENCE"]
    )
    error_message = "Tasks call the worker with a token that it takes."
  }

  assert {
    condition = (
      google_cloud_tasks_queue.sync.rate_limits[0].max_concurrent_dispatches == 320
      && google_cloud_tasks_queue.sync.rate_limits[0].max_dispatches_per_second == 150
    )
    error_message = "The queue starts no more than the worker's instances take at once."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.function :
      function.service_config[0].environment_variables["THREADS"] == tostring(function.service_config[0].max_instance_request_concurrency)
    ])
    error_message = "An instance serves as many requests at once as the platform sends it."
  }

  assert {
    condition = (
      google_firestore_database.database.delete_protection_state == "DELETE_PROTECTION_ENABLED"
      && google_firestore_database.database.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
      && google_firestore_database.database.location_id == "us-central1"
      && google_firestore_backup_schedule.daily.retention == "1209600s"
      && google_secret_manager_secret.secret["token-keys"].deletion_protection
    )
    error_message = "What cannot be made again is protected."
  }

  assert {
    condition     = length(google_storage_bucket.archive) == 0 && length(google_billing_budget.monthly) == 0 && length(google_monitoring_notification_channel.email) == 0
    error_message = "What is optional is left out."
  }

  assert {
    condition = (
      output.redirect_uri == "https://us-central1-contact-sync-test.cloudfunctions.net/oauth_callback"
      && output.url == "https://us-central1-contact-sync-test.cloudfunctions.net/ui"
      && output.archive_key == null
    )
    error_message = "A person is told where it is."
  }
}
