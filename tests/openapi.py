"""Writes ``functions/openapi.yaml`` from the functions' own routes: ``python -m tests.openapi``.

A test fails where the document is not what the code says any more.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import msgspec
import yaml

from shared.local.site import FRONT, FUNCTIONS, names
from shared.web.function import Function
from shared.web.problem import MEDIA_TYPE, Problem
from shared.web.route import Access, Route
from tests.examples import BODIES

DOCUMENT = FUNCTIONS / "openapi.yaml"
_REF = "#/components/schemas/"
_MEANINGS = {
    400: "The body is no JSON.",
    401: "Nobody is signed in.",
    403: "Not for this caller: a change from another origin, or a call that is not the platform's.",
    404: "There is no such thing, or it is somebody else's.",
    409: "Not now: something is missing or under way, or what was read before has changed.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "A field cannot be taken; `errors` names it.",
    429: "Too often; `Retry-After` says when again.",
    502: "Sugar or Google answered oddly.",
    503: "Sugar, Google or the store is not available; `Retry-After` says when again.",
}
_ABOUT = """\
Keeps the contacts of SugarCRM and Google Contacts the same. Every answer from 400 on is a problem as of RFC 9457, whose
`type` is for programs and whose `detail` is for people. An address that is not named here answers 404, a method that is
not named 405, and what went wrong inside 500."""
_SESSION = """\
Set by signing in; called `session` where the site is served by http on loopback. Every change must carry an `Origin`
header with the site's own origin, as browsers send it."""
_SECURITY: dict[Access, list[str]] = {
    Access.OPEN: [],
    Access.USER: ["session"],
    Access.PLATFORM: ["platform"],
    Access.EITHER: ["session", "platform"],
}


def load(name: str) -> ModuleType:
    """One function's module, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"function_{name}", FUNCTIONS / name / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def functions() -> dict[str, tuple[ModuleType, tuple[Route, ...]]]:
    """Every function's module and routes, by name."""
    found = {}
    for name in names():
        if name == FRONT:
            continue  # a page is no part of the interface
        module = load(name)
        function = inspect.unwrap(module.handler)
        assert isinstance(function, Function)
        assert function.name == name, f"functions/{name}/main.py calls itself {function.name}"
        found[name] = module, function.routes
    return found


def routes() -> Iterator[tuple[str, Route]]:
    """Every route there is, with its function's name."""
    for name, (_, found) in functions().items():
        for route in found:
            yield name, route


def statuses(route: Route) -> list[int]:
    """Every status from 400 on that a route answers with; 500 apart, which none should."""
    found = set(route.problems)
    if "{" in route.path:
        found.add(404)
    if route.method != "GET":
        found |= {403, 413}
    if route.access in (Access.USER, Access.EITHER):
        found |= {401, 409, 429, 503}
    if route.access in (Access.PLATFORM, Access.EITHER):
        found |= {403, 502, 503}
    if route.rate is not None:
        found.add(429)
    if route.query is not None:
        found.add(422)
    if route.body is not None:
        found |= {400, 415, 422}
    return sorted(found)


# -- the document ------------------------------------------------------------------------------------


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of all functions."""
    schemas = _schemas("", [Problem], answers=True)
    paths: dict[str, Any] = {}
    for name, (_, found) in functions().items():
        asked = _schemas(name, [kind for route in found for kind in (route.query, route.body)], answers=False)
        told = _schemas(name, [route.answer for route in found], answers=True)
        schemas |= told | asked
        for route in found:
            paths.setdefault(f"/{name}{route.path}", {})[route.method.lower()] = _operation(name, route, schemas)
    queries = {f"{name}.{route.query.__name__}" for name, route in routes() if route.query}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sugar Contact Sync", "version": "1", "description": _flowing(_ABOUT)},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": name, "description": _flowing(module.__doc__ or "")} for name, (module, _) in functions().items()
        ],
        "paths": paths,
        "components": {
            "schemas": {name: schemas[name] for name in sorted(set(schemas) - queries)},
            "responses": {f"Problem{status}": _problem(status) for status in _MEANINGS},
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-session",
                    "description": _flowing(_SESSION),
                },
                "platform": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An OIDC token of the project's own service account.",
                },
            },
        },
    }


def _problem(status: int) -> dict[str, Any]:
    problem: dict[str, Any] = {"description": _MEANINGS[status]}
    if status in (409, 429, 503):
        problem["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}
    return {**problem, "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}Problem"}}}}


def _operation(name: str, route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [name],
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}_{name}{route.path}").strip("_"),
        "summary": route.summary,
        "security": [{scheme: []} for scheme in _SECURITY[route.access]],
    }
    parameters = [
        {"name": arg, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 300}}
        for arg in re.findall(r"{(\w+)}", route.path)
    ]
    if route.query is not None:
        schema = schemas[f"{name}.{route.query.__name__}"]
        required = schema.get("required", ())
        parameters += [_parameter(field, shape, field in required) for field, shape in schema["properties"].items()]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        content: dict[str, Any] = {"schema": _schema(name, route.body)}
        if examples := BODIES.get(f"{route.method} /{name}{route.path}"):
            content["examples"] = {title: {"value": value} for title, value in examples.items()}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    problems = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses(route)}
    operation["responses"] = {str(_success(route)): _answer(name, route), **problems}
    return operation


def _parameter(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    """A parameter is missing where the type says ``null``."""
    shape = dict(schema)
    text = shape.pop("description", "")
    if shape.get("default", "") is None:
        del shape["default"]
    if "anyOf" in shape:
        [kind] = [kind for kind in shape.pop("anyOf") if kind != {"type": "null"}]
        text = text or kind.pop("description", "")
        shape |= kind
    told = {"name": name, "in": "query", "required": required, "description": text, "schema": shape}
    return {key: value for key, value in told.items() if value != ""}


def _success(route: Route) -> int:
    return 204 if route.answer is None and route.status == 200 else route.status


def _answer(name: str, route: Route) -> dict[str, Any]:
    if route.answer is not None:
        return {
            "description": route.summary,
            "content": {"application/json": {"schema": _schema(name, route.answer)}},
        }
    if 300 <= route.status < 400:
        location = {"description": "Where to go.", "required": True, "schema": {"type": "string"}}
        return {"description": route.summary, "headers": {"Location": location}}
    return {"description": "Done."}


# -- the schemas -------------------------------------------------------------------------------------


def _template(name: str) -> str:
    return f"{_REF}{name}.{{name}}" if name else f"{_REF}{{name}}"


def _schema(name: str, kind: Any) -> Any:
    [schema], _ = msgspec.json.schema_components([kind], ref_template=_template(name))
    return _plain(schema)


def _schemas(name: str, kinds: list[Any], *, answers: bool) -> dict[str, Any]:
    """The schemas of these types and of all that they hold.

    Args:
        answers: every field is told, also one that has a default.
    """
    wanted = [kind for kind in kinds if kind is not None]
    _, parts = msgspec.json.schema_components(wanted, ref_template=_template(name))
    texts = _texts(wanted)
    found = {}
    for part, raw in parts.items():
        schema = _plain(raw)
        for field, text in texts.get(part, {}).items():
            schema["properties"][field].setdefault("description", text)
        if answers and "properties" in schema:
            schema["required"] = list(schema["properties"])
        found[f"{name}.{part}" if name else part] = schema
    return found


def _texts(kinds: list[Any]) -> dict[str, dict[str, str]]:
    """What stands below the fields of structs, by struct and field as they are called outside."""
    found: dict[str, dict[str, str]] = {}
    waiting, seen = [msgspec.inspect.type_info(kind) for kind in kinds], set()
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in seen:
                continue
            seen.add(info.cls)
            outside = dict(zip(info.cls.__struct_fields__, info.cls.__struct_encode_fields__, strict=True))
            told = {name: text for base in reversed(info.cls.__mro__) for name, text in _below(base).items()}
            found[info.cls.__name__] = {outside[name]: text for name, text in told.items() if name in outside}
            waiting += [field.type for field in info.fields]
        for inner in ("type", "item_type", "value_type"):
            if isinstance(part := getattr(info, inner, None), msgspec.inspect.Type):
                waiting.append(part)
        waiting += getattr(info, "types", ())
    return found


@cache
def _below(kind: type) -> dict[str, str]:
    """The texts below a class's own fields."""
    if not issubclass(kind, msgspec.Struct) or kind is msgspec.Struct:
        return {}
    [made] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(made, ast.ClassDef)
    found = {}
    for line, after in zip(made.body, made.body[1:], strict=False):
        match line, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = _flowing(text)
    return found


def _plain(schema: Any) -> Any:
    """With docstrings as flowing text, and without titles, which repeat names."""
    if isinstance(schema, dict):
        plain = {key: _plain(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)}
        if isinstance(plain.get("description"), str):
            plain["description"] = _flowing(plain["description"])
        return plain
    return [_plain(item) for item in schema] if isinstance(schema, list) else schema


def _flowing(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


# -- writing it --------------------------------------------------------------------------------------


class _Plain(yaml.SafeDumper):
    """Writes everything where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def text() -> str:
    """The document as YAML."""
    head = "# Written from the functions' own routes: `python -m tests.openapi`.\n"
    return head + yaml.dump(document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


if __name__ == "__main__":
    DOCUMENT.write_text(text(), encoding="utf-8")
