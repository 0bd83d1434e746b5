"""Terraform on a copy of the sources, without a cloud; what several tests need is made once a session."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra" / "terraform"
MISSING = "Terraform not found: install Terraform 1.9 or newer"
NO_PROVIDERS = "Terraform's providers not found: let `terraform init` reach registry.terraform.io, or a mirror of it"
_PARTS = ("functions", "infra", "requirements.txt", "shared")
_LEFT = shutil.ignore_patterns("__pycache__", ".terraform", "*.tfstate*", "*.tfvars", "backend.tf")


@dataclass(frozen=True)
class Terraform:
    """Terraform in a copy of ``infra/terraform``, which sees all sources as the real one does."""

    program: str
    top: Path

    def run(self, *arguments: str, folder: str = "infra/terraform") -> subprocess.CompletedProcess[str]:
        """The command, whatever becomes of it."""
        environment = {**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        return subprocess.run(  # noqa: S603  # nothing in it comes from elsewhere
            [self.program, f"-chdir={self.top / folder}", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=1500,
        )


@dataclass(frozen=True)
class Applied:
    """What ``terraform test`` told of one file: the messages of its runs."""

    messages: list[dict[str, Any]]

    @cached_property
    def state(self) -> list[dict[str, Any]]:
        """Resources as they were applied first."""
        return list(_resources(self._applied["root_module"]))

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """As they were applied first."""
        return {name: output["value"] for name, output in self._applied["outputs"].items()}

    @property
    def _applied(self) -> dict[str, Any]:
        told: dict[str, Any] = next(m["test_state"] for m in self.messages if m["type"] == "test_state")
        return told

    @property
    def plans(self) -> list[dict[str, Any]]:
        """Plans that were made and not applied, in order."""
        return [message["test_plan"] for message in self.messages if message["type"] == "test_plan"]

    def of(self, kind: str, name: str | None = None) -> dict[str, dict[str, Any]]:
        """Applied resources of a type, by what they were made for."""
        return {
            str(resource.get("index", resource["name"])): resource["values"]
            for resource in self.state
            if resource["type"] == kind and name in (None, resource["name"])
        }


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform, without providers. Where none is installed, the test is skipped, or fails if ``CI`` is set."""
    program = shutil.which("terraform")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    top = tmp_path_factory.mktemp("sources")
    for part in _PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, top / part, ignore=_LEFT)
        else:
            shutil.copy(ROOT / part, top / part)
    return Terraform(program, top)


@pytest.fixture(scope="session")
def everything(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    """``tests/everything.tftest.hcl``: all that can be switched on, applied and planned again."""
    return Applied(once(tmp_path_factory, "everything", lambda: _test(request.getfixturevalue("terraform"))))


@pytest.fixture(scope="session")
def files(terraform: Terraform, everything: Applied) -> dict[str, dict[str, str]]:
    """By function: for each file in its zip, which one of the sources it is. Told by Terraform itself."""
    folders = {name: told["folder"].partition("/")[2] for name, told in everything.outputs["functions"].items()}
    given = [f"-var=root={terraform.top}", f"-var=folders={json.dumps(folders)}"]
    folder = "infra/terraform/packages"
    for command in (["init", "-input=false"], ["apply", "-input=false", "-auto-approve", *given]):
        done = terraform.run(*command, folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, dict[str, str]] = json.loads(terraform.run("output", "-json", "files", folder=folder).stdout)
    return told


def _test(terraform: Terraform) -> list[dict[str, Any]]:
    done = terraform.run("init", "-backend=false", "-input=false")
    if done.returncode != 0 and not os.environ.get("TF_REATTACH_PROVIDERS"):
        if os.environ.get("CI"):
            pytest.fail(f"{NO_PROVIDERS}\n{done.stderr}", pytrace=False)
        pytest.skip(NO_PROVIDERS)
    assert done.returncode == 0, done.stdout + done.stderr
    done = terraform.run("test", "-json", "-verbose", "-filter=tests/everything.tftest.hcl")
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    told = [message for message in messages if message["type"] in ("test_state", "test_plan")]
    assert done.returncode == 0, "\n".join(message["@message"] for message in messages if message not in told)
    for message in told:
        message[message["type"]].pop("provider_schemas")
    return told


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[], Any]) -> Any:
    """What ``make`` gives, made by one of the session's processes and read by the others."""
    base = factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with _alone(shared / f"{name}.lock"):
        kept = shared / f"{name}.json"
        if not kept.exists():
            kept.write_text(json.dumps(make()), encoding="utf-8")
        return json.loads(kept.read_text(encoding="utf-8"))


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
