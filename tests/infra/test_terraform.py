"""What Terraform brings up, held to the code: by what it itself tells of an installation with everything on."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from shared.local.site import names
from shared.web.config import VARIABLES, read
from tests.functions.stage import stage
from tests.infra.terraform import INFRA, ROOT, Applied
from tests.sync.scenarios import BOTH

OF_THE_PLATFORM = {"dispatch", "sync-worker"}


def test_a_second_plan_changes_nothing(everything: Applied) -> None:
    (again,) = everything.plans
    changes = {change["address"]: change["change"]["actions"] for change in again["resource_changes"]}
    assert len(changes) > 100
    assert {address: actions for address, actions in changes.items() if actions != ["no-op"]} == {}
    outputs = {name: change["actions"] for name, change in again["output_changes"].items()}
    assert set(map(tuple, outputs.values())) == {("no-op",)}


def test_every_folder_of_functions_is_deployed(everything: Applied) -> None:
    deployed = everything.outputs["functions"]
    assert {told["folder"] for told in deployed.values()} == {f"functions/{name}" for name in names()}
    assert set(names()) <= set(deployed), "under its own name, which is its path"
    assert {name for name, told in deployed.items() if told["callers"] == "the platform"} == OF_THE_PLATFORM


def environments(everything: Applied) -> dict[str, dict[str, str]]:
    functions = everything.of("google_cloudfunctions2_function")
    return {name: values["service_config"][0]["environment_variables"] for name, values in functions.items()}


def test_the_functions_can_read_their_environment(everything: Applied) -> None:
    known = {variable.name for variable in VARIABLES}
    given = environments(everything)
    for name, environment in given.items():
        # THREADS is the framework's own.
        assert set(environment) - {"THREADS"} <= known, name
        config = read(environment)
        assert (config.secure, config.public_url) == (True, "https://europe-west1-contact-sync-test.cloudfunctions.net")
        assert (config.sign_in_domains, config.sugar_loopback) == (("example.com", "example.org"), False)
        assert bool(config.platform_account) == (name in OF_THE_PLATFORM)
    dispatch, worker = read(given["dispatch"]), read(given["sync-worker"])
    assert (dispatch.tasks_url, dispatch.tasks_audience) == (f"{dispatch.public_url}/sync-worker",) * 2
    assert worker.platform_audience == dispatch.tasks_url
    (queue,) = everything.of("google_cloud_tasks_queue").values()
    assert dispatch.tasks == f"projects/contact-sync-test/locations/{queue['location']}/queues/{queue['name']}"
    (job,) = everything.of("google_cloud_scheduler_job").values()
    target = job["http_target"][0]
    assert target["uri"] == target["oidc_token"][0]["audience"] == dispatch.platform_audience
    assert everything.outputs["redirect_uri"] == dispatch.address("oauth_callback")


def test_nobody_has_rights_but_those_in_one_file(everything: Applied) -> None:
    granted = {(r["type"], r["name"]) for r in everything.state if re.search(r"_iam_|_access$|_policy$", r["type"])}
    granted -= {pair for pair in granted if pair[0] == "google_monitoring_alert_policy"}
    assert granted == {
        ("google_artifact_registry_repository_iam_member", "build"),
        ("google_cloud_run_service_iam_member", "caller"),
        ("google_cloud_run_service_iam_member", "public"),
        ("google_cloud_tasks_queue_iam_member", "dispatch"),
        ("google_project_iam_member", "build_logs"),
        ("google_project_iam_member", "build_sources"),
        ("google_project_iam_member", "documents"),
        ("google_secret_manager_secret_iam_member", "reads"),
        ("google_secret_manager_secret_iam_member", "starts"),
        ("google_service_account_iam_member", "dispatch"),
        ("google_storage_bucket_iam_member", "archive"),
        ("google_storage_bucket_iam_member", "build"),
    }
    roles = {r["values"]["role"] for r in everything.state if r["type"].endswith("_iam_member")}
    assert not [role for role in roles if re.search(r"owner|editor|admin|\*", role, re.IGNORECASE)]


def test_functions_wait_for_what_their_first_minutes_need(everything: Applied) -> None:
    """In an empty project: the builder's rights before any build, and the indexes before any query."""
    (builder,) = everything.of("google_service_account", "build").values()
    member = builder["member"]
    rights = {f"{r['type']}.{r['name']}" for r in everything.state if r["values"].get("member") == member}
    assert len(rights) == 1 + 4, "the builder itself; logs, images, sources here and at Cloud Functions"
    needed = rights | {
        "google_project_service.api",
        "google_firestore_database.database",
        "google_firestore_field.indexed",
        "google_firestore_index.by_time",
    }
    functions = [r for r in everything.state if r["type"] == "google_cloudfunctions2_function"]
    assert functions
    for function in functions:
        assert needed <= set(function["depends_on"]), function["address"]


def test_nothing_secret_is_in_the_state(everything: Applied) -> None:
    kinds = {resource["type"] for resource in everything.state}
    assert not kinds & {"google_secret_manager_secret_version", "google_service_account_key", "google_storage_hmac_key"}
    for environment in environments(everything).values():
        assert "OAUTH_CLIENT_SECRET" not in environment


def test_metrics_read_what_the_functions_log(everything: Applied, caplog: pytest.LogCaptureFixture) -> None:
    """What they filter by and extract stands in the lines that one look and one sync leave."""
    with stage() as s, caplog.at_level(logging.INFO):
        user = s.user(**{**BOTH, "sync_regularly": True})
        user.engine.attend()
        s.task("sync", {"uid": user.uid, "pair": user.paths.pair})
        s.services.__dict__["tasks"] = _Nowhere()
        assert s.task("dispatch", None).ok["due"] == 0
    lines = {vars(record)["function"]: vars(record) for record in caplog.records if record.getMessage() == "request"}
    for name, metric in everything.of("google_logging_metric").items():
        text = " ".join(
            [metric["filter"], metric["value_extractor"] or "", *(metric["label_extractors"] or {}).values()]
        )
        wanted = set(re.findall(r"jsonPayload\.(\w+)", text)) - {"message"}
        of = re.search(r'jsonPayload\.function="(\w+)"', text)
        if name == "failures":
            assert wanted == {"function"}
            continue
        line = lines[of[1] if of else "sync"]
        assert {key for key in wanted if key not in line} == set(), name
        if metric["value_extractor"]:
            assert isinstance(line[name], int | float)


class _Nowhere:
    def enqueue(self, name: str, body: dict[str, Any], *, schedule_at: Any = None) -> bool:
        raise AssertionError("nobody is due")

    def close(self) -> None:
        pass


def test_every_alert_is_explained(everything: Applied) -> None:
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    titles = [values["display_name"] for values in everything.of("google_monitoring_alert_policy").values()]
    assert len(titles) == 7
    headings = re.findall(r"^### (.+)$", manual, re.MULTILINE)
    assert sorted(title.removeprefix("Contact sync: ") for title in titles) == sorted(
        heading for heading in headings if f"Contact sync: {heading}" in titles
    )


def declared(kind: str) -> set[str]:
    text = "".join(file.read_text(encoding="utf-8") for file in INFRA.glob("*.tf"))
    return set(re.findall(rf'^{kind} "(\w+)"', text, re.MULTILINE))


def test_examples_and_instructions_name_what_exists() -> None:
    example = (INFRA / "terraform.tfvars.example").read_text(encoding="utf-8")
    assigned = set(re.findall(r"^(?:# )?([a-z_]+) *= ", example, re.MULTILINE))
    assert {"project", "oauth_client_id"} <= assigned <= declared("variable")
    for name in ("README.md", "docs/operations.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"terraform output (?:-raw )?(\w+)", text)) <= declared("output"), name
