# Containers only: what they hold never passes through Terraform, or it would lie in its state.
#
# session-keys, token-keys   rings of 32-byte keys. The functions make the first one; rotating is one new version, and
#                            the old ones stay until nothing that they signed or sealed is left (docs/operations.md).
# oauth-client-secret        added by a person after the first apply (README). Rotating is one new version.
# archive-secret-key         secret of the archive's key, added by a person, where there is an archive.

resource "google_secret_manager_secret" "secret" {
  for_each = toset(concat(local.all_secrets, var.archive == null ? [] : ["archive-secret-key"]))

  secret_id           = each.value
  deletion_protection = each.value == "token-keys" && var.delete_protection # without it no stored token opens
  version_destroy_ttl = "604800s"                                           # a destroyed version can be called back for 7 days

  replication {
    auto {}
  }

  depends_on = [google_project_service.api]
}
