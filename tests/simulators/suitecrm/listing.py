"""The lists: contacts page by page, and how many there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.simulators.sugar.state import Contact, User, fold
from tests.simulators.suitecrm.errors import DatabaseFailure
from tests.simulators.suitecrm.query import candidates, contacts_where
from tests.simulators.suitecrm.render import Json, Renderer
from tests.simulators.suitecrm.state import SuiteState
from tests.simulators.suitecrm.switches import Switches

_ORDER = re.compile(r"\s*([A-Za-z_]\w*)(?:\s+(asc|desc))?\s*", re.IGNORECASE)


class Listing:
    """The lists as one user sees them."""

    def __init__(self, state: SuiteState, switches: Switches, user: User) -> None:
        self.state = state
        self.switches = switches
        self.user = user
        self.renderer = Renderer(state, user)

    def page(
        self,
        *,
        query: Any = "",
        order_by: Any = "",
        offset: Any = 0,
        select_fields: Any = (),
        links: Any = (),
        max_results: Any = 0,
        deleted: Any = 0,
        favorites: Any = False,
    ) -> Json:
        """``get_entry_list``: ``next_offset`` is always offset and count together, ``total_count`` a text."""
        if favorites and self.switches.favorites_argument == "failure":
            raise DatabaseFailure("sugarfavorites does not exist")
        size = _int(max_results)
        size = size if size > 0 else self.switches.default_page
        start = max(0, _int(offset))
        found = list(self._ordered(self._found(str(query or ""), deleted), str(order_by or "")))
        records = found[start : start + size]
        names = [str(name) for name in select_fields or ()]
        related = [
            {"link_list": [{**link, "records": [{"link_value": each} for each in link["records"]]} for link in linked]}
            for linked in (self.renderer.links(contact, links) for contact in records if links)
        ]
        return {
            "result_count": len(records),
            "total_count": str(len(found)) if self.switches.total_count else -1,
            "next_offset": start + len(records),
            "entry_list": [self.renderer.entry(contact, names) for contact in records],
            "relationship_list": related,
        }

    def count(self, *, query: Any = "", deleted: Any = 0) -> Json:
        """``get_entries_count``."""
        return {"result_count": str(sum(1 for _ in self._found(str(query or ""), deleted)))}

    # -- parts -----------------------------------------------------------------------------------------

    def _found(self, query: str, deleted: Any) -> Iterator[Contact]:
        """By id. ``deleted`` adds the deleted ones to the others; only they come by a condition of the query."""
        condition = contacts_where(query, self.state)
        for contact_id in candidates(condition, self.state):
            contact = self.state.contacts[contact_id]
            if contact["deleted"] and not _int(deleted):
                continue
            if self.state.visible(contact, self.user) and condition.test(contact):
                yield contact

    def _ordered(self, found: Iterator[Contact], order_by: str) -> Iterator[Contact]:
        """In the order of those columns that the server knows; a table's name before it makes it unknown."""
        contacts = list(found)
        for column, descending in reversed(self._order(order_by)):
            contacts.sort(key=lambda contact: _key(contact, column), reverse=descending)
        yield from contacts

    def _order(self, order_by: str) -> list[tuple[str, bool]]:
        order = []
        for part in order_by.split(","):
            found = _ORDER.fullmatch(part)
            definition = self.state.fields.get(found[1].lower()) if found else None
            if found and definition is not None and definition.stored:
                order.append((definition.name, (found[2] or "").lower() == "desc"))
        return order


def _key(contact: Contact, column: str) -> Any:
    value = contact[column]
    if column == "id":
        return value
    return fold(value) if isinstance(value, str) else int(value)


def _int(value: Any) -> int:
    """As PHP makes a number of what was sent."""
    if isinstance(value, bool | int | float):
        return int(value)
    found = re.match(r"\s*(-?\d+)", str(value or ""))
    return int(found[1]) if found else 0
