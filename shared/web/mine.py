"""The caller's own documents, and no others: paths begin with who is signed in, never with what was sent."""

from __future__ import annotations

import re
from collections.abc import Callable

from shared.errors import GrantLost
from shared.store.port import Doc
from shared.sync.paths import Paths
from shared.web.problem import not_found
from shared.web.route import Ask

_ID = re.compile(r"(?!\.{1,2}\Z|__.*__\Z)[^/\x00-\x1f\x7f\ud800-\udfff]{1,300}")


def my_paths(ask: Ask) -> Paths:
    """Where the documents of the caller's connected pair lie.

    Raises:
        GrantLost: a side is not connected.
    """
    paths = ask.me.paths
    if paths is None:
        raise GrantLost("Sugar is not connected: connect it first")
    return paths


def my_document(ask: Ask, what: str, name: str, path: Callable[[str], str]) -> Doc:
    """The document that the last part of the address names.

    Args:
        what: for the message.
        name: of the address's argument.
        path: of a document of the caller's, by its id.

    Raises:
        WebError: 404: there is none, or it is somebody else's.
    """
    doc = ask.services.store.get(path(ask.args[name])) if is_id(ask.args[name]) else None
    if doc is None:
        raise not_found(what)
    return doc


def is_id(text: str) -> bool:
    """Whether it can be a document's id; anything else would be taken for a path, or refused by the store."""
    return _ID.fullmatch(text) is not None
