"""From a form to a call: the keys of ``rest_data`` are names of arguments (PHP 8), or only their order counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

from tests.simulators.suitecrm.errors import Fatal

Method = Callable[..., Any]


def decoded(rest_data: str) -> list[Any] | dict[str, Any]:
    """What stands in ``rest_data``; what is no list and no object is the first argument, what is no JSON null."""
    try:
        data = json.loads(rest_data) if rest_data else None
        if "\\ud" in rest_data.lower():
            json.dumps(data, ensure_ascii=False).encode()  # halves of a surrogate pair are no JSON to PHP
    except ValueError:
        data = None
    return data if isinstance(data, list | dict) else [data]


def bound(method: Method, data: list[Any] | Mapping[str, Any], *, named: bool) -> dict[str, Any]:
    """The call's arguments by name; those that are left out are blank, further ones without name are not heeded.

    Raises:
        Fatal: an argument is named that the method does not have.
    """
    known = [each.name for each in signature(method).parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
    if isinstance(data, Mapping) and named:
        if unknown := set(data) - set(known):
            raise Fatal(f"unknown named parameter {sorted(unknown)}")
        return dict(data)
    values = list(data.values()) if isinstance(data, Mapping) else data
    return dict(zip(known, values, strict=False))
