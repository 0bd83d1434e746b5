"""Which kind of call a request is, and what its answer is about."""

from __future__ import annotations

import json
from typing import Any

from tests import older
from tests.simulators.wire import Request

_SUGAR: dict[tuple[str, str], str] = {
    ("POST", "oauth2"): "sugar token",
    ("GET", "me"): "sugar me",
    ("GET", "metadata"): "sugar metadata",
    ("POST", "bulk"): "sugar bulk",
    ("POST", ""): "sugar create",
    ("PUT", ""): "sugar update",
    ("DELETE", ""): "sugar delete",
    ("GET", ""): "sugar read one",
}

_OLDER = {
    "login": "sugar token",
    "get_user_id": "sugar me",
    "get_module_fields": "sugar metadata",
    "set_entries": "sugar bulk",
}

_GOOGLE: tuple[tuple[str, str], ...] = (
    ("/token", "google token"),
    (":batchGet", "google read"),
    (":createContact", "google create"),
    (":updateContact", "google update"),
    (":deleteContact", "google delete"),
    (":batchCreateContacts", "google create many"),
    (":batchUpdateContacts", "google update many"),
    (":batchDeleteContacts", "google delete many"),
    ("/members:modify", "google label"),
)

WRITES = frozenset(
    {
        "sugar bulk",
        "sugar create",
        "sugar update",
        "sugar delete",
        "google create",
        "google update",
        "google delete",
        "google create many",
        "google update many",
        "google delete many",
        "google label",
    }
)
FEEDS = frozenset({"sugar full", "sugar delta", "google full", "google delta"})
READS = frozenset({"sugar read", "sugar read one", "google read", "google read one"})
SEARCHES = frozenset({"sugar find by email", "sugar find by name", "sugar find created"})
TOKENS = frozenset({"sugar token", "google token"})


def kind_of(request: Request) -> str:
    """The kind, e.g. ``sugar delta``; ``google other`` or ``sugar other`` for what only a hostile answer leads to."""
    if older.method_of(request):
        return _older(request)
    if request.path.startswith("/rest/"):
        return _sugar(request)
    for ending, kind in _GOOGLE:
        if request.path.endswith(ending):
            return kind
    if request.path == "/v1/people/me/connections":
        return "google delta" if request.query.get("syncToken") else "google full"
    if request.path.startswith("/v1/people/") and request.method == "GET":
        return "google read one"
    return "google other"


def _older(request: Request) -> str:
    """The same names in the older dialect, where a write is judged by the read after it."""
    method = older.method_of(request)
    if method == "get_entry_list":
        return _query(str(older.arguments_of(request)["query"]))
    if method == "set_entry":
        (values,) = older.values_of(request)
        return "sugar create" if "new_with_id" in values else "sugar delete" if "deleted" in values else "sugar update"
    return _OLDER.get(method, "sugar other")


def _query(query: str) -> str:
    if "email_address_caps" in query:
        return "sugar find by email"
    if query.startswith("contacts.id IN"):
        return "sugar read"
    if "date_modified" in query:
        return "sugar delta"
    return "sugar find by name" if "contacts.last_name" in query else "sugar full"


def _sugar(request: Request) -> str:
    resource, _, rest = request.path.split("/", 3)[3].partition("/")
    if (resource, rest) == ("Contacts", "filter"):
        return _listing(json.loads(request.body))
    return _SUGAR.get((request.method, "" if resource == "Contacts" else resource), "sugar other")


def _listing(body: dict[str, Any]) -> str:
    named = json.dumps(body["filter"])
    if '"$in"' in named:
        return "sugar read" if '"id"' in named else "sugar find by email"
    if '"date_entered"' in named:
        return "sugar find created"
    if '"date_modified"' in named:
        return "sugar delta"
    return "sugar find by name" if '"last_name"' in named else "sugar full"
