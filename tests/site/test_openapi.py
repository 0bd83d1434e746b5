"""``functions/openapi.yaml`` is what the code says, and good OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import yaml

from shared.web.route import Route
from tests.examples import BODIES
from tests.openapi import DOCUMENT, document, routes, statuses, text

NAMES = [f"{route.method} /{name}{route.path}" for name, route in routes()]
BY_NAME = dict(zip(NAMES, (route for _, route in routes()), strict=True))


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return document()


def operations(whole: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_it_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == text(), "run '.venv/bin/python -m tests.openapi'"


def test_it_is_openapi(whole: dict[str, Any]) -> None:
    import jsonschema_rs
    import schemathesis

    schemathesis.openapi.from_dict(whole).validate()
    for schema in whole["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_every_route_is_told_once(whole: dict[str, Any]) -> None:
    assert sorted(name for name, _ in operations(whole)) == sorted(NAMES)
    ids = [operation["operationId"] for _, operation in operations(whole)]
    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere(whole: dict[str, Any]) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "$ref":
                    yield value
                yield from references(value)
        elif isinstance(node, list):
            for item in node:
                yield from references(item)

    found = set(references(whole))
    told = {f"#/components/{kind}/{name}" for kind, parts in whole["components"].items() for name in parts}
    assert found <= told
    assert {each for each in told - found if "/securitySchemes/" not in each} == set(), "nobody needs these"


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_is_told(name: str, whole: dict[str, Any]) -> None:
    operation = dict(operations(whole))[name]
    told = {int(status) for status in operation["responses"]}
    assert {status for status in told if status >= 400} == set(statuses(BY_NAME[name]))
    assert len([status for status in told if status < 400]) == 1


def kinds(route: Route) -> list[Any]:
    return [kind for kind in (route.query, route.body) if kind is not None]


def test_what_is_sent_is_bounded() -> None:
    """Every text and list has a longest, every number a range, and no body takes what it does not know."""
    wrong = []
    for name, route in BY_NAME.items():
        for kind in kinds(route):
            wrong += [f"{name}: {kind.__name__}{place}" for place in unbounded(msgspec.inspect.type_info(kind))]
            if not kind.__struct_config__.forbid_unknown_fields and name != "GET /oauth_callback":
                wrong.append(f"{name}: {kind.__name__} takes unknown fields")  # Google may send what it likes
    assert not wrong, "\n".join(wrong)


def unbounded(info: Any, place: str = "") -> Iterator[str]:
    found: list[tuple[Any, str]] = []
    match info:
        case msgspec.inspect.StructType(fields=fields):
            found = [(field.type, f"{place}.{field.encode_name}") for field in fields]
        case msgspec.inspect.UnionType(types=types):
            found = [(kind, place) for kind in types]
        case msgspec.inspect.Metadata(type=kind):
            found = [(kind, place)]
        case msgspec.inspect.StrType(max_length=None, pattern=None) | msgspec.inspect.AnyType():
            yield place
        case msgspec.inspect.IntType(le=most, ge=least) if most is None or least is None:
            yield place
        case msgspec.inspect.ListType(item_type=item, max_length=most):
            found = [(item, f"{place}[]")]
            if most is None:
                yield place
        case msgspec.inspect.DictType(key_type=key, value_type=value, max_length=most):
            found = [(key, f"{place}.key"), (value, f"{place}.*")]
            if most is None:
                yield place
    for kind, inner in found:
        yield from unbounded(kind, inner)


def test_unbounded_types_are_found() -> None:
    class Bad(msgspec.Struct):
        text: str
        texts: list[str] | None = None
        number: int = 0
        by_name: dict[str, int] = {}

    assert list(unbounded(msgspec.inspect.type_info(Bad))) == [
        ".text",
        ".texts",
        ".texts[]",
        ".number",
        ".by_name",
        ".by_name.key",
        ".by_name.*",
    ]


def test_every_body_has_an_example_that_it_takes() -> None:
    takes = {name for name, route in BY_NAME.items() if route.body is not None}
    assert set(BODIES) == takes
    for name, examples in BODIES.items():
        for example in examples.values():
            msgspec.convert(example, BY_NAME[name].body)


def test_what_stands_below_a_field_is_told(whole: dict[str, Any]) -> None:
    written = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    contacts = written["components"]["schemas"]["sync.SyncReport"]["properties"]["contacts"]
    assert contacts["description"] == "Contacts looked at."
    assert "class" in written["components"]["schemas"]["backlog.BacklogItem"]["required"]
