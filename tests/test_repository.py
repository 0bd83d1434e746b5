"""Rules about the repository itself, so that nobody has to remember them."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# -- layers ------------------------------------------------------------------------------------------

LAYERS: tuple[tuple[str, ...], ...] = (
    ("shared.errors", "shared.clock", "shared.names"),
    ("shared.contact",),
    ("shared.side",),
    ("shared.store", "shared.sugar", "shared.people"),
    ("shared.suitecrm",),
    ("shared.sync", "shared.account"),
    ("shared.web",),
    ("functions",),
    ("shared.local",),
)
"""From the bottom up. A module imports from its own part and from lower layers only, except for :data:`BESIDE`."""

BESIDE = {("shared.account", "shared.sync"), ("shared.sync", "shared.account")}
"""Parts of one layer that may know each other, in one direction: no parts import each other both ways."""

IMPURE = {
    *("boto3", "botocore", "flask", "functions_framework", "google", "googleapiclient", "grpc", "requests", "urllib3"),
    *("asyncio", "http", "io", "os", "pathlib", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "threading"),
    *("random", "secrets", "time", "uuid"),
    *("shared.clock", "shared.store", "shared.sugar", "shared.people", "shared.account", "shared.web"),
    "shared.suitecrm",
}
"""What the planner may not even reach through others: the world, chance and the time of day."""

# -- words -------------------------------------------------------------------------------------------

FORBIDDEN = {
    # Paths of the machine somebody worked on; nobody else has them. (Brackets keep a pattern from finding itself.)
    r"(?<![\w.*])/([w]ork|[r]oot|[h]ome)/": "a path of one machine",
    # A reader wants to know the project as it is, not who wrote it when and with what.
    r"\b[A]I\b[ -]?(assistant|agent|model|generated|written)": "speaks of how it was made",
    r"\b(Cl[a]ude|Anthr[o]pic|Chat[G]PT|Cop[i]lot|L[L]Ms?)\b": "speaks of how it was made",
    r"\bthe [s]andbox\b": "speaks of how it was made",
    r"\b[i]ssues? #\d|\b(see|in|for|by) [i]ssue \d": "speaks of a list that readers of the code do not have",
    # Dependencies come from the public index, wherever they were installed from.
    r"--(find-[l]inks|extra-[i]ndex-url|[i]ndex-url|trusted-[h]ost)\b": "names an index of packages",
}

BUILDS_A_CLIENT = re.compile(
    r"^(open|connect|create_connection|build|build_from_document|socket|urlopen|client|resource|Popen)$"
    r"|Client|Session|Connection"
)
SKIPS = re.compile(
    r"^pytest\.(mark\.)?(skip|skipif|xfail|importorskip)$|^unittest\.(skip\w*|SkipTest|expectedFailure)$"
)
MISSING_TOOL = re.compile(r"^\S.* not found: \S")
"""The one form of a reason to skip; ``tests/conftest.py`` says why."""


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def python_files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def where(file: Path, node: ast.AST) -> str:
    return f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def imports(file: Path) -> Iterator[tuple[str, ast.AST]]:
    """Every imported name in full: ``from a.b import c`` is ``a.b.c``, wherever in the file it stands."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *(node.module or "").split("."))).strip(".")
            for alias in node.names:
                yield f"{module}.{alias.name}", node


def part_of(name: str) -> str | None:
    """Which part of :data:`LAYERS` an imported name belongs to."""
    parts = name.split(".")
    if parts[0] == "functions":
        return "functions"
    return ".".join(parts[:2]) if parts[0] == "shared" and len(parts) > 1 else None


def rank(part: str) -> int:
    return next((height for height, parts in enumerate(LAYERS) if part in parts), -1)


def within(name: str, parents: Iterable[str]) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


def test_every_part_has_a_layer() -> None:
    parts = {part_of(module_name(file)) for file in python_files("shared", "functions")} - {None, "functions"}
    unknown = sorted(part for part in parts if part and rank(part) < 0)
    assert not unknown, f"give these a place in LAYERS: {unknown}"


def test_imports_point_downward_only() -> None:
    wrong = []
    graph: dict[str, set[str]] = {}
    for file in python_files("shared", "functions"):
        own = part_of(module_name(file))
        for name, node in imports(file):
            other = part_of(name)
            if name.split(".")[0] == "tests":
                wrong.append(f"{where(file, node)}: {name}: tests are not deployed")
            elif own == "functions" and other == "functions":
                wrong.append(f"{where(file, node)}: {name}: each function is deployed alone")
            elif own and other and other != own:
                graph.setdefault(own, set()).add(other)
                if rank(other) >= rank(own) and (own, other) not in BESIDE:
                    wrong.append(f"{where(file, node)}: {own} may not import {name}")
    assert not wrong, "\n".join(wrong)
    list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the parts


def reachable(file: Path) -> dict[str, str]:
    """Every import that importing this file brings about within the project, with the place it comes from."""
    found: dict[str, str] = {}
    seen: set[Path] = set()
    waiting = [file]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        packages = [folder / "__init__.py" for folder in current.parents if folder.is_relative_to(ROOT / "shared")]
        waiting.extend(package for package in packages if package.exists())
        for name, node in imports(current):
            found.setdefault(name, where(current, node))
            for module in (name, name.rpartition(".")[0]):
                path = ROOT.joinpath(*module.split("."))
                waiting.extend(p for p in (path.with_suffix(".py"), path / "__init__.py") if module and p.exists())
    return found


def test_the_planner_is_pure() -> None:
    pattern = re.compile(r"shared/sync/plan\w*(/|\.py$)")
    planner = [file for file in python_files("shared/sync") if pattern.search(file.as_posix())]
    assert planner
    wrong = {
        f"{place} imports {name}: {module_name(file)} is pure, and so is all it imports"
        for file in planner
        for name, place in reachable(file).items()
        if within(name, IMPURE)
    }
    assert not wrong, "\n".join(sorted(wrong))


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is imported: everything but the bodies of functions."""
    if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from at_import(child)


def test_nothing_is_connected_at_import() -> None:
    wrong = []
    for file in python_files("shared", "functions", "tests"):
        for node in at_import(tree(file)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if BUILDS_A_CLIENT.search(called.rpartition(".")[2]) or called.startswith(("requests.", "subprocess.")):
                    wrong.append(f"{where(file, node)}: {called}(...) at import; make it where it is used")
    assert not wrong, "\n".join(wrong)


def text_files() -> Iterator[tuple[Path, str]]:
    """Every file that belongs to the repository or is about to; without git, every one outside hidden folders."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        names = [f for f in ROOT.rglob("*") if not any(p.startswith((".", "__")) for p in f.relative_to(ROOT).parts)]
    for file in sorted(names):
        if file.is_file():
            try:
                yield file, file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # no text


def test_files_speak_about_the_project_only() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{number}: {match[0]!r} {reason}"
        for file, text in text_files()
        for pattern, reason in FORBIDDEN.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := re.search(pattern, line, re.IGNORECASE))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_readme_names_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    code = re.findall(r"`+[^`]+`+", readme)
    named = {target for text in code for target in re.findall(r"\bmake ([a-z][a-z-]*)\b", text)}
    assert {"demo", "test"} <= named
    assert named <= targets, f"not in the Makefile: {sorted(named - targets)}"


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_requirements_are_exact_and_hashed(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    pinned: dict[str, str] = {}
    for line in filter(str.strip, lines):
        match = re.fullmatch(r"([a-z0-9.-]+)==([\w.]+)( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", line)
        assert match, f"{name}.txt: not one exact version with hashes: {line[:80]}"
        assert match[1] not in pinned, f"{name}.txt: {match[1]} twice"
        pinned[match[1]] = match[2]
    asked = re.findall(r"^([a-z][\w.-]*)", (ROOT / f"{name}.in").read_text(encoding="utf-8"), re.MULTILINE)
    assert asked
    assert set(asked) <= set(pinned), f"{name}.txt lacks {set(asked) - set(pinned)}: run 'make requirements'"


def constants(file: Path) -> dict[str, str]:
    """The module's texts by name."""
    found: dict[str, str] = {}
    for node in tree(file).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[node.targets[0].id] = value.value
    return found


def reason_of(node: ast.expr | None, texts: dict[str, str]) -> str:
    """The text of a reason as far as it can be read without running it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return texts.get(name, "")
        case ast.FormattedValue(value=inner):
            return reason_of(inner, texts)
        case ast.JoinedStr(values=parts):
            return "".join(reason_of(part, texts) or "..." for part in parts)
    return ""


def test_only_a_missing_tool_is_a_reason_to_skip() -> None:
    files = python_files("tests")
    everywhere = {name: text for file in files for name, text in constants(file).items()}
    wrong = []
    for file in files:
        nodes = list(ast.walk(tree(file)))
        wrong += [f"{where(file, node)}: write {name} in full" for name, node in imports(file) if SKIPS.search(name)]
        allowed = set()
        for node in nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"pytest.skip", "pytest.mark.skipif"}:
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                first = node.args[0] if node.args and ast.unparse(node.func) == "pytest.skip" else None
                if MISSING_TOOL.search(reason_of(given.get("reason", first), everywhere | constants(file))):
                    allowed.add(node.func)
        wrong += [
            f'{where(file, node)}: the only reason to skip is "<tool> not found: <what to install>"'
            for node in nodes
            if isinstance(node, ast.Attribute | ast.Name) and node not in allowed and SKIPS.search(ast.unparse(node))
        ]
    assert not wrong, "\n".join(wrong)
