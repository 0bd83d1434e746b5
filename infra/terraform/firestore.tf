resource "google_firestore_database" "database" {
  name        = var.database
  location_id = var.database_location == "" ? var.region : var.database_location
  type        = "FIRESTORE_NATIVE"

  concurrency_mode                  = "OPTIMISTIC"
  app_engine_integration_mode       = "DISABLED"
  delete_protection_state           = var.delete_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  point_in_time_recovery_enablement = var.point_in_time_recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"

  # A terraform destroy deletes it only where its protection was switched off before.
  deletion_policy = var.delete_protection ? "ABANDON" : "DELETE"

  depends_on = [google_project_service.api]
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.database.name
  retention = "${var.backup_days * 86400}s"

  daily_recurrence {}
}

# -- indexes -----------------------------------------------------------------------------------------
#
# Nothing is indexed but what is queried: large bodies and values that differ with every write would cost storage and
# speed. A test derives the queries from the code and compares: none may lack its index, and no index its query.

locals {
  collections = [
    "archive", "backlog", "dirty", "dispatch", "emails", "grants", "history", "inbox", "index", "intents", "links", "memory",
    "pairs", "parts", "plans", "runs", "states", "users",
  ]

  # By collection and field: the ways in which it is queried alone, or with others by equality.
  ways = {
    "archive.kept"      = ["ASCENDING"]
    "archive.to"        = ["ASCENDING", "DESCENDING"]
    "backlog.at"        = ["ASCENDING"]
    "backlog.class"     = ["ASCENDING"]
    "backlog.state"     = ["ASCENDING"]
    "emails.by"         = ["ASCENDING"]
    "emails.expires_at" = ["ASCENDING"]
    "history.at"        = ["ASCENDING", "DESCENDING"]
    "history.kinds"     = ["CONTAINS"]
    "history.link"      = ["ASCENDING"]
    "history.run"       = ["ASCENDING"]
    "inbox.at"          = ["ASCENDING"]
    "links.created"     = ["CONTAINS"]
    "links.google_id"   = ["ASCENDING"]
    "links.state"       = ["ASCENDING"]
    "links.sugar_id"    = ["ASCENDING"]
    "pairs.next_due_at" = ["ASCENDING"]
    "pairs.retired_at"  = ["ASCENDING"]
    "runs.at"           = ["DESCENDING"]
    "states.expires_at" = ["ASCENDING"]
  }

  # Collections that are queried as a group, wherever they lie.
  groups = ["pairs"]

  # By collection: what is asked for by equality together with the order by time, and which ways that order goes.
  by_time = {
    backlog = { directions = ["DESCENDING"], with = ["state", "state class"] }
    history = {
      directions = ["ASCENDING", "DESCENDING"]
      with       = ["kinds", "link", "run", "link kinds", "link run", "run kinds", "link run kinds"]
    }
  }
  composite = merge(flatten([
    for collection, order in local.by_time : [
      for direction in order.directions : {
        for with in order.with : "${collection} ${with} ${lower(direction)}" => {
          collection = collection, fields = split(" ", with), direction = direction
        }
      }
    ]
  ])...)

  lists = ["history.kinds"]
}

resource "google_firestore_field" "unindexed" {
  for_each = toset(local.collections)

  database   = google_firestore_database.database.name
  collection = each.value
  field      = "*"

  index_config {}
}

resource "google_firestore_field" "indexed" {
  for_each = local.ways

  database   = google_firestore_database.database.name
  collection = split(".", each.key)[0]
  field      = split(".", each.key)[1]

  index_config {
    dynamic "indexes" {
      for_each = each.value

      content {
        order        = indexes.value == "CONTAINS" ? null : indexes.value
        array_config = indexes.value == "CONTAINS" ? "CONTAINS" : null
        query_scope  = contains(local.groups, split(".", each.key)[0]) ? "COLLECTION_GROUP" : "COLLECTION"
      }
    }
  }
}

resource "google_firestore_index" "by_time" {
  for_each = local.composite

  database    = google_firestore_database.database.name
  collection  = each.value.collection
  query_scope = "COLLECTION"

  dynamic "fields" {
    for_each = each.value.fields

    content {
      field_path   = fields.value
      order        = contains(local.lists, "${each.value.collection}.${fields.value}") ? null : "ASCENDING"
      array_config = contains(local.lists, "${each.value.collection}.${fields.value}") ? "CONTAINS" : null
    }
  }

  fields {
    field_path = "at"
    order      = each.value.direction
  }
}

# -- what expires ------------------------------------------------------------------------------------

# The functions clear these themselves; where nobody comes for long, Firestore does.
resource "google_firestore_field" "expiry" {
  for_each = toset(["emails", "states"])

  database   = google_firestore_database.database.name
  collection = each.value
  field      = "_ttl"

  ttl_config {}
  index_config {}
}
