"""All functions in one process, under their names, as one WSGI application."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from shared.web.function import HEADERS
from shared.web.problem import MEDIA_TYPE, not_found

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FRONT = "ui"
"""The function that answers at the root, too: the page."""
FUNCTIONS = Path(__file__).parent.parent.parent / "functions"


def names() -> list[str]:
    """The functions that there are."""
    return sorted(main.parent.name for main in FUNCTIONS.glob("*/main.py"))


class Site:
    """Hands each request to the function that its path names.

    Args:
        rest: answers what names no function.
    """

    def __init__(self, rest: WSGIApplication) -> None:
        self._rest = rest
        self._apps: dict[str, Any] = {name: _app(name) for name in names()}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _, _, path = environ.get("PATH_INFO", "").partition("/")
        name, slash, below = path.partition("/")
        name = name or (FRONT if not path else "")
        if name not in self._apps:
            return self._rest(environ, start_response)
        place = f"{environ.get('SCRIPT_NAME', '')}/{name}"
        moved = {**environ, "SCRIPT_NAME": place, "PATH_INFO": slash + below or "/"}
        answer: Iterable[bytes] = self._apps[name](moved, _guarded(start_response))
        return answer


def _guarded(start_response: StartResponse) -> StartResponse:
    """Our headers also on what the framework answers by itself."""

    def start(status: str, headers: list[tuple[str, str]], *exc: Any) -> Any:
        given = {name.lower() for name, _ in headers}
        return start_response(
            status, [*headers, *(item for item in HEADERS.items() if item[0].lower() not in given)], *exc
        )

    return start


@cache
def _app(name: str) -> Any:
    """One function, served by the framework as in the cloud; loaded once in a process."""
    from functions_framework import create_app

    before = sys.modules.pop("main", None)
    try:
        return create_app("handler", str(FUNCTIONS / name / "main.py"))  # type: ignore[no-untyped-call]
    finally:
        # The framework calls every function's module ``main``.
        sys.modules.pop("main", None)
        if before is not None:
            sys.modules["main"] = before


def nothing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """404 for whatever is asked, in the form in which every function says it."""
    start_response("404 Not Found", [("Content-Type", MEDIA_TYPE), *HEADERS.items()])
    return [msgspec.json.encode(not_found("function").problem)]
