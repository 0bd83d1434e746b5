"""Requests held against the discovery document: what it does not allow is refused as Google's JSON layer does (D)."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import googleapiclient

from tests.simulators.people.errors import ApiError, Json, invalid, violations

Violations = list[tuple[str, str]]


@cache
def document() -> Json:
    """The discovery document that ships with googleapiclient."""
    path = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "people.v1.json"
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the API."""

    id: str
    """As in the document: ``people.people.updateContact``."""
    verb: str
    pattern: re.Pattern[str]
    parameters: dict[str, Json]
    """Of the query."""
    scopes: frozenset[str]
    """Any of them is enough."""
    request: str | None
    """The body's schema."""

    @property
    def rpc(self) -> str:
        """The name in quota and scope errors."""
        return self.id.removeprefix("people.")


@cache
def methods() -> tuple[Method, ...]:
    """All methods of the document."""
    found: list[Method] = []

    def walk(resource: Json) -> None:
        for method in resource.get("methods", {}).values():
            pattern = re.escape("/" + method["path"])
            query: dict[str, Json] = {}
            for name, spec in method["parameters"].items():
                if spec["location"] == "path":
                    inner = spec["pattern"].strip("^$").replace("[^/]+", "[^/:]+")
                    pattern = pattern.replace(re.escape("{+" + name + "}"), f"(?P<{name}>{inner})")
                else:
                    query[name] = spec
            compiled = re.compile(f"^{pattern}$")
            scopes = frozenset(method.get("scopes", ()))
            request = method.get("request", {}).get("$ref")
            found.append(Method(method["id"], method["httpMethod"], compiled, query, scopes, request))
        for inner_resource in resource.get("resources", {}).values():
            walk(inner_resource)

    walk(document())
    return tuple(found)


def route(verb: str, path: str) -> tuple[Method, str]:
    """The method, and the ``resourceName`` in its path (``""`` if it has none)."""
    path = unquote(path)
    for method in methods():
        if method.verb == verb and (match := method.pattern.match(path)):
            return method, match.groupdict().get("resourceName", "")
    raise ApiError(404, "Method not found.", "NOT_FOUND")


@cache
def valid_paths(description: str) -> frozenset[str]:
    """The field names that the description of a mask lists."""
    _, _, tail = description.partition(" are: ")
    return frozenset(re.findall(r"\* (\w+)", tail))


def mask_of(text: str, description: str, label: str) -> frozenset[str]:
    """A field mask, each path checked against the list in its description; may be empty.

    ``label`` is what Google calls the mask in its refusals.
    """
    valid = valid_paths(description)
    paths = [p for p in text.split(",") if p]
    for path in paths:
        if path not in valid:
            raise invalid(
                f'Invalid {label} mask path: "{path}". Valid paths are documented at '
                "https://developers.google.com/people/api/rest/v1/people."
            )
    return frozenset(paths)


def required(label: str) -> ApiError:
    """The recorded refusal of a missing mask."""
    return invalid(
        f"{label} mask is required. Please specify one or more valid paths. Valid paths are documented at "
        "https://developers.google.com/people/api/rest/v1/people.connections/list."
    )


def query_of(method: Method, given: dict[str, list[str]]) -> Json:
    """The query, typed; standard parameters are dropped. Unknown names, wrong types and wrong enums are refused."""
    standard: dict[str, Json] = document()["parameters"]
    found: Json = {}
    wrong: Violations = []
    for name, values in given.items():
        spec = method.parameters.get(name)
        if spec is None:
            if name not in standard:
                text = f"Cannot bind query parameter. Field '{name}' could not be found in request message."
                wrong.append(("", f'Invalid JSON payload received. Unknown name "{name}": {text}'))
            continue
        if spec.get("repeated"):
            found[name] = [_scalar(v, spec, f"{_snake(name)}[{i}]", wrong) for i, v in enumerate(values)]
        else:
            found[name] = _scalar(_from_query(values[-1], spec), spec, _snake(name), wrong)
    if wrong:
        raise violations(wrong)
    return found


def body_of(method: Method, body: bytes) -> Json:
    """The body, checked at every depth, without the output-only fields (``person.metadata`` stays: updates need it)."""
    assert method.request is not None
    try:
        parsed = json.loads(body) if body else {}
    except ValueError as error:
        raise invalid(f"Invalid JSON payload received. {error}") from error
    if not isinstance(parsed, dict):
        raise violations([("", 'Invalid JSON payload received. Unknown name "": Root element must be a message.')])
    wrong: Violations = []
    path = "person" if method.request == "Person" else ""
    checked = _message(parsed, method.request, path, wrong)
    if wrong:
        raise violations(wrong)
    return checked


def stripped(person: Json) -> Json:
    """A person as the user's own device would write it: checked and without output-only fields."""
    wrong: Violations = []
    checked = _message(person, "Person", "person", wrong)
    if wrong:
        raise violations(wrong)
    return checked


def field_description(schema: str, name: str) -> str:
    """The description of a schema's property, which lists the paths of a mask."""
    text: str = document()["schemas"][schema]["properties"][name]["description"]
    return text


# -- values ------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda m: "_" + m.group().lower(), name)


def _join(path: str, name: str) -> str:
    return f"{path}.{_snake(name)}" if path else _snake(name)


def _from_query(text: str, spec: Json) -> Any:
    if spec["type"] == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def _message(value: Json, schema: str, path: str, wrong: Violations) -> Json:
    properties: dict[str, Json] = document()["schemas"][schema]["properties"] if schema != "Empty" else {}
    kept: Json = {}
    for name, item in value.items():
        spec = properties.get(name)
        if spec is None:
            at = f" at '{path}'" if path else ""
            text = f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
            wrong.append((path, text))
            continue
        if item is None:
            continue
        checked = _value(item, spec, _join(path, name), wrong)
        if not spec.get("readOnly") or (schema, name) == ("Person", "metadata"):
            kept[name] = checked
    return kept


def _value(value: Any, spec: Json, path: str, wrong: Violations) -> Any:
    if "$ref" in spec:
        if isinstance(value, dict):
            return _message(value, spec["$ref"], path, wrong)
        return _refuse(value, f"type.googleapis.com/google.people.v1.{spec['$ref']}", path, wrong)
    if spec["type"] == "array":
        if isinstance(value, list):
            return [_value(v, spec["items"], f"{path}[{i}]", wrong) for i, v in enumerate(value)]
        return _refuse(value, "TYPE_MESSAGE, repeated", path, wrong)
    if spec["type"] == "object":
        if isinstance(value, dict):
            inner = spec.get("additionalProperties", {"type": "any"})
            return {k: _value(v, inner, f"{path}['{k}']", wrong) for k, v in value.items()}
        return _refuse(value, "TYPE_MESSAGE", path, wrong)
    if spec["type"] == "any":
        return value
    if isinstance(value, list):
        name = path.rpartition(".")[2]
        text = f"Unknown name \"{name}\" at '{path}': Proto field is not repeating, cannot start list."
        wrong.append((path, f"Invalid JSON payload received. {text}"))
        return None
    return _scalar(value, spec, path, wrong)


def _scalar(value: Any, spec: Json, path: str, wrong: Violations) -> Any:
    if spec["type"] == "boolean":
        return value if isinstance(value, bool) else _refuse(value, "TYPE_BOOL", path, wrong)
    if spec["type"] == "integer":
        number = value
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,10}", value):
            number = int(value)
        if isinstance(number, bool) or not isinstance(number, int) or not -(2**31) <= number < 2**31:
            return _refuse(value, "TYPE_INT32", path, wrong)
        return number
    if not isinstance(value, str):
        return _refuse(value, "TYPE_STRING", path, wrong)
    try:
        value.encode()
    except UnicodeEncodeError:
        return _refuse("(invalid UTF-8)", "TYPE_STRING", path, wrong)
    if "enum" in spec and value not in spec["enum"]:
        return _refuse(value, f"type.googleapis.com/google.people.v1.{_enum_name(path)}", path, wrong)
    if spec.get("format") == "byte":
        try:
            base64.b64decode(value, validate=True)
        except ValueError:
            return _refuse(value, "TYPE_BYTES", path, wrong)
    return value


def _enum_name(path: str) -> str:
    last = re.sub(r"\[\d+\]$", "", path.rpartition(".")[2])
    return "".join(part.capitalize() for part in last.split("_"))


def _refuse(value: Any, kind: str, path: str, wrong: Violations) -> None:
    wrong.append((path, f"Invalid value at '{path}' ({kind}), {json.dumps(value)[:200]}"))
