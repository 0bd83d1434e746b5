"""The zips that Terraform makes, unpacked and started as the platform does, where nothing else is installed."""

from __future__ import annotations

import ast
import http.client
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared.local.site import names
from tests.emulator import free_port
from tests.infra.terraform import ROOT, Applied, once
from tests.infra.test_terraform import environments

HEAVY = {"boto3", "cryptography", "google.api_core", "google.auth", "googleapiclient", "grpc", "requests", "sqlite3"}
"""What costs a cold start most, and who is not let in must not bring about."""
FRAMEWORK = {"functions_framework", "flask", "werkzeug"}


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with what ``requirements.txt`` asks for, and nothing else."""

    def make() -> str:
        folder = tmp_path_factory.mktemp("bare") / "venv"
        uv = str(Path(sys.executable).parent / "uv")
        bare = str(folder / "bin" / "python")
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [
                uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                bare,
                "--require-hashes",
                "-r",
                "requirements.txt",
            ],
        ):
            subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603  # nothing in it comes from elsewhere
        return bare

    return Path(once(tmp_path_factory, "bare", make))


def packed(files: dict[str, str], zip_file: Path) -> Path:
    """The zip, as ``archive_file`` writes it: each file under its name."""
    with zipfile.ZipFile(zip_file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, source in sorted(files.items()):
            made.writestr(name, (ROOT / source).read_bytes())
    return zip_file


def unpacked(files: dict[str, str], folder: Path) -> Path:
    with zipfile.ZipFile(packed(files, folder / "source.zip")) as made:
        made.extractall(folder / "source")
    return folder / "source"


def started(python: Path, source: Path, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """A command in the unpacked zip, with the function's environment; documents and secrets lie beside it."""
    return subprocess.run(  # noqa: S603  # nothing in it comes from elsewhere
        [str(python), *command],
        cwd=source,
        env=local(source, environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def local(source: Path, environment: dict[str, str]) -> dict[str, str]:
    here = {"STORE": f"sqlite:{source.parent}/documents.sqlite", "SECRETS": f"folder:{source.parent}/secrets"}
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment, **here}


def deployed() -> list[str]:
    return [*names(), "sync-worker"]


@pytest.mark.parametrize("name", deployed())
def test_each_starts_and_answers(
    name: str, files: dict[str, dict[str, str]], everything: Applied, python: Path, tmp_path: Path
) -> None:
    source = unpacked(files[name], tmp_path)
    script = str(Path(__file__).with_name("answers.py"))
    done = started(python, source, environments(everything)[name], "-P", script)
    assert done.returncode == 0, done.stderr
    *lines, told = done.stdout.splitlines()
    assert not [line for line in lines if json.loads(line)["severity"] not in ("INFO", "WARNING")], done.stdout
    seen = json.loads(told)
    statuses = {route: status for route, (status, _) in seen["answers"].items()}
    assert statuses
    if name in ("dispatch", "sync-worker"):
        assert set(statuses.values()) <= {401, 403}, statuses
    else:
        assert set(statuses.values()) <= {200, 204, 302, 401}, statuses
    if set(statuses.values()) <= {401, 403}:
        assert not HEAVY & set(seen["modules"])


def test_they_run_on_the_python_that_they_are_tested_with(everything: Applied) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    built = {f["build_config"][0]["runtime"] for f in everything.of("google_cloudfunctions2_function").values()}
    assert built == {"python" + project["tool"]["mypy"]["python_version"].replace(".", "")}


def test_it_starts_by_the_framework_s_own_command(
    files: dict[str, dict[str, str]], everything: Applied, python: Path, tmp_path: Path
) -> None:
    source, port = unpacked(files["oauth_start"], tmp_path), free_port()
    command = [str(python.with_name("functions-framework")), "--target=handler", f"--port={port}", "--host=127.0.0.1"]
    environment = local(source, environments(everything)["oauth_start"])
    server = subprocess.Popen(command, cwd=source, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert server.stdout is not None
    try:
        place = redirected(f"http://127.0.0.1:{port}/", server)
        line = json.loads(server.stdout.readline())
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()
    assert place.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert "cloudfunctions.net%2Foauth_callback" in place
    assert (line["message"], line["function"], line["status"]) == ("request", "oauth_start", 302)


def imported(file: Path) -> Iterator[str]:
    """What a module imports when it runs, at once or later; not what its types alone need."""
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        waiting += ast.iter_child_nodes(node)


def test_all_that_is_imported_is_there_and_what_is_there_is_imported(
    files: dict[str, dict[str, str]], python: Path, tmp_path: Path
) -> None:
    everything = {source for contents in files.values() for source in contents.values()}
    sources = [ROOT / source for source in everything if source.endswith(".py")]
    wanted = {module for source in sources for module in imported(source)}
    own = {module for module in wanted if module.partition(".")[0] == "shared"}
    outside = {module for module in wanted - own if module.partition(".")[0] not in sys.stdlib_module_names}
    for contents in files.values():
        for module in own:
            path = module.replace(".", "/")
            assert f"{path}.py" in contents or f"{path}/__init__.py" in contents, module
    code = (
        "import sys, importlib, json\nfrom importlib.metadata import packages_distributions\nmissing = []\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n        importlib.import_module(name)\n    except ImportError:\n        missing.append(name)\n"
        "print(json.dumps([missing, packages_distributions()]))"
    )
    done = started(python, tmp_path, {}, "-W", "ignore", "-c", code, *sorted(outside | FRAMEWORK))
    missing, providers = json.loads(done.stdout)
    assert missing == []
    tops = {module.partition(".")[0] for module in outside | FRAMEWORK}
    used = {distribution.lower() for top in tops - {"google"} for distribution in providers[top]}
    asked = set(re.findall(r"^([a-z][\w-]*)", (ROOT / "requirements.in").read_text(encoding="utf-8"), re.MULTILINE))
    # Google's packages share one name; each is known by its own part of it.
    parts = {"google-auth": "google.auth", "google-cloud-firestore": "google.cloud.firestore"}
    parts |= {"google-cloud-secret-manager": "google.cloud.secretmanager", "google-cloud-tasks": "google.cloud.tasks"}
    used |= {name for name, part in parts.items() if any(module.startswith(part) for module in outside)}
    used |= {"google-api-python-client"} if "googleapiclient" in tops else set()
    assert asked - used == set(), "requirements.in asks for what nothing imports"


def test_a_zip_holds_what_its_function_needs_and_nothing_else(files: dict[str, dict[str, str]]) -> None:
    assert set(files) == set(deployed())
    for name, contents in files.items():
        folder = name.removesuffix("-worker")
        assert {"main.py", "requirements.txt", "shared/__init__.py"} <= set(contents)
        assert contents["main.py"] == f"functions/{folder}/main.py"
        for file, source in contents.items():
            assert source in (file, f"functions/{folder}/{file}")
            assert not re.search(r"(^|/)(tests|local|__pycache__|\.)|\.(pyc|md|sqlite)$", file), file


def redirected(url: str, server: subprocess.Popen[str]) -> str:
    """Where the server sends who asks there, as soon as it listens."""
    parts = urlsplit(url)
    while server.poll() is None:
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            connection.request("GET", parts.path)
            return connection.getresponse().headers["Location"]
        except ConnectionRefusedError:
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        finally:
            connection.close()
    raise AssertionError("it has ended")
