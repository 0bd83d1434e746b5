"""The places in the source from which a call to the outside or a commit is made, found by reading the source.

A *root* is where the process is left: a request of ``requests`` or ``googleapiclient``, a commit of the store. A *site*
is every call in our code that leads to a root, from the engine down: the call graph is followed by names, and by types
where the source states them. What a run really passes is told by its stack (:func:`passed`), which knows nothing of
this reading; so a test can hold the one against the other.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[3]
FOLDERS = ("shared/sync", "shared/people", "shared/sugar", "shared/suitecrm")
FILES = ("shared/account/connect.py", "shared/account/dialects.py", "shared/account/grants.py")
"""Where a run's sides and tokens come from."""
OUT = "out"
"""What a root calls, whatever its name."""

_CALLBACKS = {"_connect": "__call__", "_save": "save", "_commit": "_commit"}
"""Callables that are handed over, by the attribute that keeps them: the name of the function behind."""


@dataclass(frozen=True, order=True)
class Site:
    """One call in the source."""

    file: str
    caller: str
    """Qualified, as in ``code.co_qualname``."""
    callee: str
    """Not qualified."""
    first: int
    last: int
    """Lines."""
    number: int = 1
    """Which of those that are named alike."""

    @property
    def name(self) -> str:
        return f"{self.file} {self.caller} > {self.callee}{f' ({self.number})' if self.number > 1 else ''}"


@dataclass(frozen=True)
class Passed:
    """One frame of a stack: where in our code it was, and what it was calling."""

    file: str
    caller: str
    callee: str
    line: int

    def at(self, site: Site) -> bool:
        same = (self.file, self.caller, self.callee) == (site.file, site.caller, site.callee)
        return same and site.first <= self.line <= site.last


def passed() -> Iterator[Passed]:
    """The sites through which the present call went, innermost first; ask where a root has been called."""
    inner = OUT
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        # A comprehension is a frame of its own; the function around it stands for it.
        if code.co_filename.startswith(_PREFIXES) and not code.co_name.startswith("<"):
            yield Passed(str(Path(code.co_filename).relative_to(ROOT)), code.co_qualname, inner, frame.f_lineno)
            inner = code.co_name
        elif "googleapiclient" in code.co_filename:
            inner = OUT  # it is handed our transport, and calls it
        frame = frame.f_back


_PREFIXES = (*(f"{ROOT / folder}/" for folder in FOLDERS), *(str(ROOT / file) for file in FILES))


# -- reading the source ------------------------------------------------------------------------------

_UNTOLD = frozenset(dir(dict) + dir(list) + dir(set) + dir(str))
"""Methods that anything may have: where the receiver's class is not told, they mean none of ours."""


@dataclass
class _Function:
    file: str
    name: str
    """Qualified."""
    owner: str
    """The class, blank for none."""
    node: ast.FunctionDef
    types: dict[str, str] = field(default_factory=dict)
    """Classes of local names, as far as the source tells; of what is inside a container after ``[]``."""
    calls: list[tuple[ast.Call, list[_Function]]] = field(default_factory=list)

    @property
    def short(self) -> str:
        return self.node.name


class _Source:
    def __init__(self, changed: Mapping[str, str]) -> None:
        self.functions: list[_Function] = []
        self._named: defaultdict[str, list[_Function]] = defaultdict(list)
        """The same by their short names."""
        self._attributes: dict[tuple[str, str], str] = {}
        """Classes of attributes, by class and attribute."""
        self._methods: dict[str, set[str]] = {}
        """Of every class, protocols included."""
        self._protocols: set[str] = set()
        self._handed_over: set[str] = set()
        """Names of methods that a class may have from another one."""
        self._imports: dict[str, dict[str, str]] = {}
        """By file: local name, and what it stands for as ``folder/module:name``."""
        for path in _paths():
            file = str(path.relative_to(ROOT))
            self._read(file, ast.parse(changed.get(file) or path.read_text()))
        for function in self.functions:
            self._types(function)

    def _read(self, file: str, tree: ast.Module) -> None:
        imports = self._imports.setdefault(file, {})
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    imports[alias.asname or alias.name] = f"{node.module.replace('.', '/')}:{alias.name}"
        self._scope(file, tree, "", "")

    def _scope(self, file: str, parent: ast.AST, prefix: str, owner: str) -> None:
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.ClassDef):
                self._methods[node.name] = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                self._methods[node.name] |= _handed_over(node)
                self._handed_over |= _handed_over(node)
                if any(getattr(base, "id", "") == "Protocol" for base in node.bases):
                    self._protocols.add(node.name)
                else:
                    self._scope(file, node, f"{prefix}{node.name}.", node.name)
            elif isinstance(node, ast.FunctionDef):
                self.functions.append(_Function(file, prefix + node.name, owner, node))
                self._named[node.name].append(self.functions[-1])
                self._scope(file, node, f"{prefix}{node.name}.<locals>.", owner)
            elif not isinstance(node, ast.expr):
                self._scope(file, node, prefix, owner)

    # -- classes of values ---------------------------------------------------------------------------

    def _types(self, function: _Function) -> None:
        arguments = function.node.args
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            function.types[each.arg] = _told(each.annotation)
        for node in _own(function.node):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                self._assign(node.targets[0], self._class_of(node.value, function), function)
            elif isinstance(node, ast.AnnAssign):
                self._assign(node.target, _told(node.annotation), function)

    def _assign(self, target: ast.expr, found: str, function: _Function) -> None:
        if found and isinstance(target, ast.Name):
            function.types[target.id] = found
        elif found and isinstance(target, ast.Attribute) and getattr(target.value, "id", "") == "self":
            self._attributes[function.owner, target.attr] = found

    def _class_of(self, value: ast.expr, function: _Function) -> str:
        """The class of a value, blank where the source does not tell."""
        if isinstance(value, ast.Name):
            return function.owner if value.id in ("self", "cls") else function.types.get(value.id, "")
        if isinstance(value, ast.Attribute):
            return self._attributes.get((self._class_of(value.value, function), value.attr), "")
        if isinstance(value, ast.Subscript):
            inside = self._class_of(value.value, function)
            return inside[2:] if inside.startswith("[]") else ""
        if isinstance(value, ast.Call):
            if isinstance(value.func, ast.Name) and (value.func.id in self._methods or value.func.id == "cls"):
                return function.owner if value.func.id == "cls" else value.func.id
            returns = {_told(each.node.returns) for each in self.meant(value, function)}
            return returns.pop() if len(returns) == 1 else ""
        return ""

    # -- whom a call means ---------------------------------------------------------------------------

    def meant(self, call: ast.Call, function: _Function) -> list[_Function]:
        """The functions that this may call; none where they are not ours."""
        callee = call.func
        if isinstance(callee, ast.Name):
            nested = [f for f in self._named[callee.id] if f.name == f"{function.name}.<locals>.{callee.id}"]
            local = [f for f in self._named[callee.id] if f.file == function.file and f.name == callee.id]
            return nested or local or self._imported(function.file, callee.id)
        if not isinstance(callee, ast.Attribute):
            return []
        name = callee.attr
        if isinstance(callee.value, ast.Name) and callee.value.id not in function.types:
            module = self._imports[function.file].get(callee.value.id, "").replace(":", "/")
            if (ROOT / f"{module}.py").is_file():
                return [f for f in self._named[name] if f.file == f"{module}.py" and f.name == name]
        if name in _CALLBACKS and getattr(callee.value, "id", "") == "self":
            return self._named[_CALLBACKS[name]]
        known = self._class_of(callee.value, function)
        if not known and isinstance(callee.value, ast.Name) and callee.value.id in self._methods:
            known = callee.value.id
        methods = [f for f in self._named[name] if f.owner and f.name == f"{f.owner}.{name}"]
        return [f for f in methods if self._is(f.owner, known, name)]

    def _is(self, owner: str, known: str, name: str) -> bool:
        """Whether a receiver of the known class may be one of the owner's."""
        if known in self._protocols:
            return self._methods[known] <= self._methods[owner] or name in self._methods[known] & self._handed_over
        return owner == known if known else name not in _UNTOLD

    def _imported(self, file: str, name: str) -> list[_Function]:
        module, _, inside = self._imports[file].get(name, "").partition(":")
        return [f for f in self._named[inside] if f.file == f"{module}.py" and f.name == inside]


def _handed_over(node: ast.ClassDef) -> set[str]:
    """Attributes that a class takes from another object: as good as methods."""
    assigned = [
        each for each in ast.walk(node) if isinstance(each, ast.Assign) and isinstance(each.value, ast.Attribute)
    ]
    targets = [target for each in assigned for target in each.targets if isinstance(target, ast.Attribute)]
    return {target.attr for target in targets if getattr(target.value, "id", "") == "self"}


def _paths() -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [*found, *(ROOT / file for file in FILES), ROOT / "shared/side.py"]


def _told(annotation: ast.expr | None) -> str:
    """The class that an annotation names; of a container, what it holds, after ``[]``."""
    if isinstance(annotation, ast.Name):
        return annotation.id
    if isinstance(annotation, ast.BinOp):
        return _told(annotation.left)
    if isinstance(annotation, ast.Subscript):
        inside = annotation.slice.elts[-1] if isinstance(annotation.slice, ast.Tuple) else annotation.slice
        return f"[]{_told(inside)}"
    return ""


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function itself, not in one inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            yield child
            yield from _own(child)


_VERBS = frozenset({"request", "get", "post", "put", "patch", "delete", "head", "options", "send"})


def _is_root(call: ast.Call) -> bool:
    """Where the process is left: ``requests``, ``googleapiclient``, the store."""
    match call.func:
        case ast.Attribute(value, name) if name in _VERBS:
            return ast.unparse(value) in ("requests", "session", "self._session", "self._open()")
        case ast.Attribute(_, "execute"):
            return any(keyword.arg == "http" for keyword in call.keywords)
        case ast.Attribute(value, "commit"):
            return ast.unparse(value).rpartition(".")[2] in ("store", "_store")
    return False


def sites(changed: Mapping[str, str] | None = None) -> Set[Site]:
    """All sites of the source.

    Args:
        changed: by file, what to read instead.
    """
    source = _Source(changed or {})
    for function in source.functions:
        for node in _own(function.node):
            if isinstance(node, ast.Call):
                function.calls.append((node, [] if _is_root(node) else source.meant(node, function)))
    reaching = {id(f) for f in source.functions if any(_is_root(call) for call, _ in f.calls)}
    while True:
        more = {id(f) for f in source.functions if any(id(each) in reaching for _, meant in f.calls for each in meant)}
        if more <= reaching:
            break
        reaching |= more
    found = set()
    for function in source.functions:
        numbers = Counter[str]()
        for call, meant in sorted(function.calls, key=lambda each: (each[0].lineno, each[0].col_offset)):
            for name in {OUT} if _is_root(call) else {each.short for each in meant if id(each) in reaching}:
                numbers[name] += 1
                last = call.end_lineno or call.lineno
                found.add(Site(function.file, function.name, name, call.lineno, last, numbers[name]))
    return found


_OUTSIDE = {"aiohttp", "ftplib", "google", "googleapiclient", "grpc", "http", "httplib2", "httpx", "requests"}
_OUTSIDE |= {"smtplib", "socket", "ssl", "subprocess", "urllib", "urllib3"}
_HARMLESS = {"http.HTTPStatus", "urllib.parse", "urllib3.exceptions"}


def doors(changed: Mapping[str, str] | None = None) -> Set[str]:
    """What could lead out of the process, as ``file: module`` for each import of such a module.

    Args:
        changed: by file, what to read instead.
    """
    found = set()
    for path in _paths():
        file = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse((changed or {}).get(file) or path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                if name.partition(".")[0] in _OUTSIDE and not name.startswith(tuple(_HARMLESS)):
                    found.add(f"{file}: {name}")
    return found


def operations() -> Set[str]:
    """What the source asks of Google's service: ``people.connections.list`` and so on."""
    found = set()
    for path in sorted((ROOT / "shared/people").glob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        opened = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            called = ast.unparse(node.func) if isinstance(node, ast.Call) and id(node) not in opened else ""
            if name := re.fullmatch(_CHAIN, called):
                found.add(name[1].replace("()", ""))
    return found


_CHAIN = r"service\.((?:people|contactGroups)\(\)\..*)"
