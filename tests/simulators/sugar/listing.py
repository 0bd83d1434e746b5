"""The lists: filter, count, duplicates."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from tests.simulators.sugar.emails import truthy
from tests.simulators.sugar.errors import SugarError
from tests.simulators.sugar.filters import Compiler, Filter
from tests.simulators.sugar.render import Renderer
from tests.simulators.sugar.state import Contact, State, User, fold

DEFAULT_MAX_NUM = 20
Order = list[tuple[str, bool]]
"""Field and whether it descends."""


def query_arguments(query: dict[str, str]) -> dict[str, Any]:
    """A query's arguments: the filter as JSON or in brackets, ``filter[0][$or][1][last_name][$starts]=A``.

    Raises:
        SugarError: the filter is no JSON.
    """
    arguments: dict[str, Any] = {name: value for name, value in query.items() if not name.startswith("filter")}
    if "filter" in query:
        try:
            arguments["filter"] = json.loads(query["filter"])
        except ValueError:
            raise SugarError("invalid_parameter", "Invalid parameter: filter") from None
    tree: dict[str, Any] = {}
    for name, value in query.items():
        if name.startswith("filter["):
            keys = name[len("filter[") : -1].split("][")
            node = tree
            for key in keys[:-1]:
                node = node.setdefault(key, {})
            node[keys[-1]] = value
    if tree:
        arguments["filter"] = _lists(tree)
    return arguments


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key == "" or key.isdigit() for key in node):
        return [_lists(value) for value in node.values()]
    return {key: _lists(value) for key, value in node.items()}


class Listing:
    """The lists as one user sees them."""

    def __init__(self, state: State, user: User) -> None:
        self.state = state
        self.user = user
        self.renderer = Renderer(state, user)

    def page(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """``POST /Contacts/filter``."""
        size = _number(arguments, "max_num", DEFAULT_MAX_NUM)
        cap = self.state.switches.max_num_cap
        size = min(size, cap) if size > 0 else cap
        offset = max(0, _number(arguments, "offset", 0))
        order = self._order(arguments.get("order_by"))
        found = list(islice(self._matches(arguments, order), offset, offset + size + 1))
        names = field_names(arguments.get("fields"))
        records = [self.renderer.record(contact, names) for contact in found[:size]]
        return {"next_offset": offset + size if len(found) > size else -1, "records": records}

    def count(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """``POST /Contacts/filter/count``."""
        return {"record_count": sum(1 for _ in self._matches(arguments, [("date_modified", True), ("id", True)]))}

    def duplicates(self, body: dict[str, Any]) -> dict[str, Any]:
        """``POST /Contacts/duplicateCheck``: contacts whose first and last names start like these."""
        first, last = (fold(str(body.get(name) or "")) for name in ("first_name", "last_name"))
        found = [
            self.renderer.record(contact)
            for contact in self.state.contacts.values()
            if (first or last)
            and not contact["deleted"]
            and fold(contact["first_name"]).startswith(first)
            and fold(contact["last_name"]).startswith(last)
            and self.state.visible(contact, self.user)
        ]
        return {"next_offset": -1, "records": found[:DEFAULT_MAX_NUM]}

    # -- searching -------------------------------------------------------------------------------------

    def _matches(self, arguments: dict[str, Any], order: Order) -> Iterator[Contact]:
        compiled = Compiler(self.state, self.user).compile(arguments.get("filter"))
        deleted = truthy(arguments.get("deleted"))
        by_date = order[0][0] == "date_modified" and order[1:] in ([], [("id", order[0][1])])
        if by_date and (compiled.ids is None or len(compiled.ids) > 1000):
            walked = (c for c in self._walk(compiled, order[0][1]) if self._counts(c, compiled, deleted))
            if len(order) == 2:
                yield from walked
                return
            for _, tied in groupby(walked, key=itemgetter("date_modified")):
                yield from sorted(tied, key=_disorder)
            return
        if order == [("id", False)] and compiled.ids is None:
            by_id = self.state.by_id
            ids = islice(by_id, bisect_left(by_id, compiled.from_id), None)
            yield from (c for c in map(self.state.contacts.__getitem__, ids) if self._counts(c, compiled, deleted))
            return
        found = [c for c in self._candidates(compiled) if self._counts(c, compiled, deleted)]
        if all(name != "id" for name, _ in order):
            found.sort(key=_disorder)  # ties come in no useful order
        for name, descends in reversed(order):
            found.sort(key=lambda contact: self._sort_key(contact, name), reverse=descends)
        yield from found

    def _counts(self, contact: Contact, compiled: Filter, deleted: bool) -> bool:
        if contact["deleted"] and not deleted:
            return False
        return compiled.test(contact) and self.state.visible(contact, self.user)

    def _walk(self, compiled: Filter, descends: bool) -> Iterator[Contact]:
        by_date = self.state.by_date
        start = bisect_left(by_date, (compiled.since, "")) if compiled.since is not None else 0
        indices = range(len(by_date) - 1, start - 1, -1) if descends else range(start, len(by_date))
        return (self.state.contacts[by_date[at][1]] for at in indices)

    def _candidates(self, compiled: Filter) -> Iterator[Contact]:
        if compiled.ids is not None:
            return (self.state.contacts[each] for each in sorted(compiled.ids) if each in self.state.contacts)
        return self._walk(compiled, False)

    # -- order -----------------------------------------------------------------------------------------

    def _order(self, raw: Any) -> Order:
        if raw in (None, "", []):
            return [("date_modified", True), ("id", True)]
        if not isinstance(raw, str):
            raise SugarError("invalid_parameter", "Invalid parameter: order_by")
        order: Order = []
        for part in raw.split(","):
            name, _, direction = part.strip().partition(":")
            if name not in self.state.fields or direction.upper() not in ("", "ASC", "DESC"):
                raise SugarError("invalid_parameter", f"Invalid order_by: {name}")
            order.append((name, direction.upper() == "DESC"))
        return order

    def _sort_key(self, contact: Contact, name: str) -> Any:
        if name in ("name", "full_name"):
            return fold(f"{contact['first_name']} {contact['last_name']}")
        value = contact.get(name, "")
        return fold(value) if isinstance(value, str) else value


def _disorder(contact: Contact) -> str:
    return str(contact["id"][:3:-1])


def field_names(raw: Any) -> list[str] | None:
    """The argument ``fields``: names with commas between, or a list; ``None`` when it is missing."""
    if raw in (None, "", []):
        return None
    parts = raw.split(",") if isinstance(raw, str) else raw if isinstance(raw, list) else []
    return [each.strip() for each in parts if isinstance(each, str)]


def _number(arguments: dict[str, Any], name: str, default: int) -> int:
    raw = arguments.get(name)
    if raw in (None, ""):
        return default
    try:
        return int(raw)
    except (TypeError, ValueError):
        raise SugarError("invalid_parameter", f"Invalid parameter: {name}") from None
