locals {
  root = abspath("${path.module}/../..")
  zips = "${local.root}/build/zips"
}

module "packages" {
  source = "./packages"

  root    = local.root
  folders = { for name, function in local.functions : name => function.folder }
}

module "zips" {
  source = "./zips"

  root   = local.root
  folder = local.zips
  files  = module.packages.files
}

resource "google_storage_bucket" "source" {
  #checkov:skip=CKV_GCP_62:access to the sources of this open program is of no interest
  name     = "${var.project}-contact-sync-source"
  location = var.region

  force_destroy               = true # it holds nothing that cannot be made again
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.api]
}

resource "google_storage_bucket_object" "source" {
  for_each = module.packages.files

  bucket = google_storage_bucket.source.name
  name   = "${each.key}/${module.packages.hashes[each.key]}.zip"
  source = "${local.zips}/${each.key}.zip"

  depends_on = [module.zips]
}

# The images that are built from them.
resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:Google's own keys are enough for images of an open program
  location      = var.region
  repository_id = "contact-sync"
  format        = "DOCKER"
  description   = "Images of the functions, built by Cloud Functions"

  cleanup_policies {
    id     = "keep the newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 3
    }
  }

  cleanup_policies {
    id     = "delete old ones"
    action = "DELETE"
    condition {
      older_than = "2592000s" # 30 days
    }
  }

  depends_on = [google_project_service.api]
}
