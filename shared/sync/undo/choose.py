"""Which history rows an undo takes back, contact by contact.

What was undone already is passed over, and so is an undo together with what it undid: between the ends of a span only
what is in force counts. An undo that stands alone among what is chosen is taken back like anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from shared.names import Op, SideName
from shared.store.port import Doc, Store, Where
from shared.sync.paths import Paths
from shared.sync.plan.undo import Deed, Task
from shared.sync.undo.ask import Row, UndoAsk

Mark = tuple[str, str]
"""A side and a field; of a create or a delete the side and ``*``."""
_PAGE = 100
MOST_ROWS = 1000
"""Rows of one contact that are looked at, the newest."""


def contacts(
    store: Store, paths: Paths, ask: UndoAsk, after: Sequence[Any] | None
) -> tuple[list[str], list[Any] | None]:
    """The links of the next page of what is meant, and where to go on."""
    if ask.created is not None:
        docs = store.query(
            paths.collection("links"), [Where("created", "contains", ask.created.value)], limit=_PAGE + 1, after=after
        )
        page = docs[:_PAGE]
        return [doc.id for doc in page], [page[-1].id] if len(docs) > _PAGE else None
    if ask.row:
        doc = store.get(paths.history(ask.row))
        return [str(doc.data["link"])] if doc is not None else [], None
    docs = store.query(
        paths.collection("history"), ask.where(), order="at", descending=True, limit=_PAGE + 1, after=after
    )
    page = docs[:_PAGE]
    links = list(dict.fromkeys(str(doc.data["link"]) for doc in page))
    return links, [page[-1].data["at"], page[-1].id] if len(docs) > _PAGE else None


def rows_of(store: Store, paths: Paths, links: Collection[str]) -> dict[str, list[Doc]]:
    """All rows of these contacts, the newest first."""
    found: dict[str, list[Doc]] = {link: [] for link in links}
    for link in links:
        docs = store.query(
            paths.collection("history"), [Where("link", "==", link)], order="at", descending=True, limit=MOST_ROWS
        )
        found[link] = list(docs)
    return found


def chosen(rows: Sequence[tuple[str, Row]], meant: Callable[[str, Row], bool]) -> tuple[list[str], bool]:
    """The rows to take back, of one contact, and whether one that is meant was undone already.

    Args:
        rows: all of the contact, the newest first, by id.
    """
    known = dict(rows)
    undoers: dict[str, list[str]] = {}
    for name, data in rows:
        for undone in data.get("undoes", ()):
            undoers.setdefault(undone, []).append(name)

    def stands(name: str) -> bool:
        """Whether something of the row is in force."""
        left = _marks(known[name])
        for undoer in undoers.get(name, ()):
            if stands(undoer):
                left -= _reach(known[undoer], known[name])
        return bool(left)

    mine = [name for name, data in rows if _marks(data) and meant(name, data)]
    alone = len(mine) == 1
    picked: list[str] = []
    over = False
    for name in mine:
        if not stands(name):
            over = True
        elif alone or not _cancelled(known[name], mine):
            picked.append(name)
    return picked, over


def _cancelled(data: Row, mine: Collection[str]) -> bool:
    """Whether it is an undo of nothing but what is chosen as well."""
    undoes = data.get("undoes", ())
    return bool(undoes) and all(name in mine for name in undoes)


def _marks(data: Row) -> set[Mark]:
    """What the row wrote."""
    found: set[Mark] = {(item["to"], item["name"]) for item in data["fields"]}
    for side, told in data.get("native", {}).items():
        if told.get("before") is None or told.get("after") is None:
            found = {mark for mark in found if mark[0] != side} | {(side, "*")}
    return found


def _reach(undoer: Row, data: Row) -> set[Mark]:
    """What of the row that undo has taken back: the fields that it wrote, or all where it made or removed a record."""
    done = _marks(undoer)
    return {mark for mark in _marks(data) if mark in done or (mark[0], "*") in done or mark[1] == "*"}


def task(rows: Iterable[tuple[str, Row]], fields: Collection[str] = ()) -> Task:
    """The rows as deeds, the newest first.

    Args:
        fields: these alone; empty: all.
    """
    return Task(tuple(deed for name, data in rows for deed in _deeds(name, data, fields)))


def _deeds(name: str, data: Row, fields: Collection[str]) -> list[Deed]:
    found = []
    for side in SideName:
        native = data.get("native", {}).get(side.value)
        if native is None:
            continue
        kinds = data["kinds"]
        op = next((op for op in (Op.DELETE, Op.CREATE, Op.UPDATE) if f"{op} {side}" in kinds), Op.UPDATE)
        if op is not Op.UPDATE and fields:
            continue
        written = tuple(dict.fromkeys(f["name"] for f in data["fields"] if f["to"] == side.value))
        if fields:
            written = tuple(name for name in written if name in fields)
        exact = "recovered" not in kinds
        hidden = tuple(data.get("hidden", ()))
        found.append(Deed(name, side, op, native.get("before"), native.get("after"), written, hidden, exact))
    return found
