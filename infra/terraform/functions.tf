locals {
  # All functions. A new one is one line: where its folder has another name (folder), whether anybody may call it
  # (public; it checks the session by itself), what it does with documents (store: none, read, write), which secrets it
  # reads, of which rings it makes the first key (starts), and whether it uses the archive of history.
  listed = {
    account         = { store = "write", secrets = ["session-keys", "token-keys"], archive = true }
    backlog         = { store = "read", secrets = ["session-keys"] }
    backlog_release = { store = "write", secrets = ["session-keys"] }
    dispatch        = { store = "write", public = false }
    fields          = { store = "write", secrets = ["session-keys", "token-keys"] }
    history         = { store = "read", secrets = ["session-keys"], archive = true }
    labels          = { store = "read", secrets = ["session-keys", "token-keys", "oauth-client-secret"] }
    oauth_callback  = { store = "write", secrets = local.all_secrets, starts = ["token-keys"] }
    oauth_start     = { store = "none", secrets = ["session-keys"], starts = ["session-keys"] }
    preview         = { store = "write", secrets = local.all_secrets, size = "sync" }
    settings        = { store = "write", secrets = local.all_secrets }
    status          = { store = "read", secrets = ["session-keys"] }
    sugar           = { store = "write", secrets = ["session-keys", "token-keys"] }
    sync            = { store = "write", secrets = local.all_secrets, size = "sync", archive = true }
    ui              = { store = "none" }
    undo            = { store = "write", secrets = local.all_secrets, size = "sync" }
    why             = { store = "write", secrets = local.all_secrets, size = "sync" }

    # The same code as sync, for the queue: browsers cannot take its instances, and nobody else can call it.
    sync-worker = {
      folder  = "sync", store = "write", secrets = ["token-keys", "oauth-client-secret"], public = false, size = "worker",
      archive = true
    }
  }

  all_secrets = ["session-keys", "token-keys", "oauth-client-secret"]

  functions = {
    for name, given in local.listed :
    name => merge({ folder = name, public = true, secrets = [], starts = [], size = "page", archive = false }, given)
  }

  # One vCPU is the least that several requests can share, and a sync mostly waits for the two sides. A run lasts up to
  # 300 seconds (its lease), and is to end by itself.
  usual_sizes = {
    page   = { memory = "512Mi", cpu = "1", timeout = 60, concurrency = 16, min = 0, max = 10 }
    sync   = { memory = "512Mi", cpu = "1", timeout = 360, concurrency = 8, min = 0, max = 20 }
    worker = { memory = "512Mi", cpu = "1", timeout = 360, concurrency = 8, min = 0, max = 40 }
  }

  sizes = {
    for name, function in local.functions : name => merge(
      local.usual_sizes[function.size],
      { for key, value in try(var.sizes[name], {}) : key => value if value != null }
    )
  }

  # All functions answer on one host, so that pages, their cookie and the API share an origin.
  public_url = "https://${var.region}-${var.project}.cloudfunctions.net"

  # What Cloud Scheduler and Cloud Tasks call is also the audience of their tokens.
  dispatch_url = "${local.public_url}/dispatch"
  worker_url   = "${local.public_url}/sync-worker"

  environment = {
    for name, function in local.functions : name => merge(
      {
        PUBLIC_URL      = local.public_url
        STORE           = "firestore:${var.project}/${var.database}"
        SECRETS         = "google:${var.project}"
        OAUTH_CLIENT_ID = var.oauth_client_id
        # The framework would serve four requests at once for each processor that it sees.
        THREADS = tostring(local.sizes[name].concurrency)
      },
      length(var.sign_in_domains) > 0 ? { SIGN_IN_DOMAINS = join(",", var.sign_in_domains) } : {},
      length(var.sugar_hosts) > 0 ? { SUGAR_HOSTS = join(",", var.sugar_hosts) } : {},
      name == "dispatch" ? {
        TASKS             = local.queue
        SYNC_URL          = local.worker_url
        PLATFORM_ACCOUNT  = google_service_account.caller.email
        PLATFORM_AUDIENCE = local.dispatch_url
      } : {},
      name == "sync-worker" ? {
        PLATFORM_ACCOUNT  = google_service_account.caller.email
        PLATFORM_AUDIENCE = local.worker_url
      } : {},
      function.archive ? local.archive_environment : {},
    )
  }
}

resource "google_cloudfunctions2_function" "function" {
  #checkov:skip=CKV_GCP_124:browsers, Scheduler and Tasks come from outside; who may call which is in accounts.tf
  for_each = local.functions

  name     = each.key
  location = var.region

  build_config {
    runtime           = "python311"
    entry_point       = "handler"
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.images.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source[each.key].name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    environment_variables            = local.environment[each.key]
    available_memory                 = local.sizes[each.key].memory
    available_cpu                    = local.sizes[each.key].cpu
    timeout_seconds                  = local.sizes[each.key].timeout
    max_instance_request_concurrency = local.sizes[each.key].concurrency
    min_instance_count               = local.sizes[each.key].min
    max_instance_count               = local.sizes[each.key].max
    ingress_settings                 = "ALLOW_ALL"
    all_traffic_on_latest_revision   = true
    vpc_connector                    = var.vpc_connector == "" ? null : var.vpc_connector
    vpc_connector_egress_settings    = var.vpc_connector == "" ? null : "ALL_TRAFFIC"
  }

  lifecycle {
    precondition {
      condition     = local.sizes[each.key].concurrency == 1 || tonumber(local.sizes[each.key].cpu) >= 1
      error_message = "sizes: ${each.key}: cpu must be at least 1 where concurrency is above 1."
    }

    precondition {
      condition     = local.sizes[each.key].max >= local.sizes[each.key].min
      error_message = "sizes: ${each.key}: max must not be below min."
    }

    precondition {
      condition     = each.value.size == "page" || (local.sizes[each.key].timeout >= 330 && local.sizes[each.key].timeout <= 600)
      error_message = "sizes: ${each.key}: timeout must be from 330 to 600 seconds: a run may take 300, and its task waits for 600."
    }

    precondition {
      condition     = fileexists("${local.root}/functions/${each.value.folder}/main.py")
      error_message = "There is no functions/${each.value.folder}/main.py for the function ${each.key}."
    }
  }

  # Indexes take minutes: no query comes before its index is there, and the rights of builds, given at the same time,
  # have reached everywhere by then.
  depends_on = [
    google_project_service.api,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_sources,
    google_artifact_registry_repository_iam_member.build,
    google_storage_bucket_iam_member.build,
    google_firestore_field.indexed,
    google_firestore_index.by_time,
  ]
}
