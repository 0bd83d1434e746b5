# In the order in which a person needs them.

output "url" {
  description = "Where users find it."
  value       = "${local.public_url}/ui"
}

output "redirect_uri" {
  description = "Register it at the OAuth client, as authorized redirect URI."
  value       = "${local.public_url}/oauth_callback"
}

output "add_client_secret" {
  description = "Run it once, and paste the OAuth client's secret."
  value       = "read -rs s && printf %s \"$s\" | gcloud secrets versions add oauth-client-secret --project=${var.project} --data-file=-"
}

output "archive_key" {
  description = "Makes the key that the archive is written with, where there is an archive made here."
  value       = try("gcloud storage hmac create ${google_service_account.archive[0].email} --project=${var.project}", null)
}

output "functions" {
  description = "What is deployed: the folder of its code, and who may call it."
  value = {
    for name, function in local.functions :
    name => { folder = "functions/${function.folder}", callers = function.public ? "anybody" : "the platform" }
  }
}

output "dashboard" {
  description = "How it is doing."
  value       = "https://console.cloud.google.com/monitoring/dashboards?project=${var.project}"
}

output "logs" {
  description = "What went wrong lately."
  value       = "https://console.cloud.google.com/logs/query;query=resource.type%3D%22cloud_run_revision%22%20severity%3E%3DWARNING?project=${var.project}"
}
