"""Reading history and backlog, page by page, newest first.

The queries, each in the order of ``at`` and the id: history by link, by run and by kind, in any combination, within a
span of time, either way; the backlog by state and class. Firestore answers them from one index per key together with
``at``, which it merges; nothing is read that is not shown, but for the one document that tells that there is more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.store.port import Doc, Store, Where
from shared.sync.paths import Paths
from shared.sync.remedies import actions, asked, keeps
from shared.sync.words import ActionText, KeepText, Question, SideText, Values, label, questions, short

# -- history -----------------------------------------------------------------------------------------


class FieldTold(msgspec.Struct, kw_only=True):
    """One field that was written."""

    name: str
    label: str
    to: SideText
    """The side that was written."""
    before: str
    after: str
    why: str
    loser: str | None
    """The value that a conflict overwrote."""
    hidden: bool = False
    """The settings keep this field's values out of the history."""


class HistoryRow(msgspec.Struct, kw_only=True):
    """What one run did to one contact."""

    id: str
    at: str
    run: str
    contact: str
    """The link's id, the same through all of the contact's rows."""
    name: str
    sugar_id: str
    google_id: str
    kinds: list[str]
    """The action, and the writes."""
    why: str
    fields: list[FieldTold]
    archived: bool = False
    """It lies in the archive, and cannot be undone any more."""
    undoes: list[str] = []
    """With an undo: the rows that it took back."""


class NativeTold(msgspec.Struct, kw_only=True):
    """One side's record around the write, as its API gave it."""

    before: dict[str, Any] | None
    """``null``: it was created."""
    after: dict[str, Any] | None
    """``null``: it was deleted, or the answer to the write was lost."""


class HistoryWhole(HistoryRow, kw_only=True):
    """A row with all that is known of the change."""

    native: dict[SideText, NativeTold]
    """By the sides that were written."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which rows are asked for; ``None`` is any."""

    contact: str | None = None
    run: str | None = None
    kind: str | None = None
    since: str | None = None
    """This :func:`moment` and later."""
    until: str | None = None
    """Before this :func:`moment`."""
    ascending: bool = False
    """The oldest first."""

    @property
    def where(self) -> list[Where]:
        where = [Where(key, "==", value) for key, value in (("link", self.contact), ("run", self.run)) if value]
        if self.kind is not None:
            where.append(Where("kinds", "contains", self.kind))
        if self.since is not None:
            where.append(Where("at", ">=", self.since))
        if self.until is not None:
            where.append(Where("at", "<", self.until))
        return where


def moment(time: datetime) -> str:
    """The time as rows hold it. Raises ``OverflowError`` where UTC has no year for it."""
    return time.astimezone(UTC).isoformat()


@dataclass(frozen=True, slots=True)
class Found:
    """One page of documents."""

    docs: Sequence[Doc]
    place: list[str] | None
    """Where it ends; ``None`` if nothing comes after it."""


def history(store: Store, paths: Paths, wanted: HistoryFilter, *, after: Sequence[str] | None, limit: int) -> Found:
    """A page of rows.

    Args:
        after: the place where the page before ended.
    """
    collection = paths.collection("history")
    return _page(store, collection, wanted.where, after=after, limit=limit, ascending=wanted.ascending)


def row(doc: Doc) -> HistoryRow:
    """A row for a list: long values are cut."""
    return HistoryRow(**_row(doc, cut=True))


def row_whole(doc: Doc) -> HistoryWhole:
    """A row with everything."""
    native = {
        side: NativeTold(before=told.get("before"), after=told.get("after"))
        for side, told in doc.data.get("native", {}).items()
    }
    return HistoryWhole(**_row(doc, cut=False), native=native)


def _row(doc: Doc, *, cut: bool) -> dict[str, Any]:
    data = doc.data
    text = short if cut else str
    return {
        "id": doc.id,
        "at": data["at"],
        "run": data["run"],
        "contact": data["link"],
        "name": data.get("name", ""),
        **_ids(data),
        "kinds": data["kinds"],
        "why": data["why"],
        "archived": data.get("archived", False),
        "fields": [
            FieldTold(
                name=item["name"],
                label=label(item["name"]),
                to=item["to"],
                before=text(item["before"]),
                after=text(item["after"]),
                why=item["why"],
                loser=None if item["loser"] is None else text(item["loser"]),
                hidden=item.get("hidden", False),
            )
            for item in data["fields"]
        ],
        "undoes": list(data.get("undoes", ())),
    }


# -- backlog -----------------------------------------------------------------------------------------


class BacklogItem(msgspec.Struct, kw_only=True):
    """One contact that waits for a person."""

    id: str
    cls: str = msgspec.field(name="class")
    state: str
    """``open``; ``released``: the next run looks at it again; ``never``: it is left alone; ``different``: it is
    remembered as somebody else than its candidates."""
    at: str
    """When it was last asked."""
    asked: str
    """What is asked, in brief; goes back with an answer, which is then taken for just that."""
    first_at: str
    attempts: int
    whole: bool
    """The contact waits as a whole; else only the fields named do."""
    contact: str | None
    """The link's id, if it has one."""
    name: str
    sugar_id: str
    google_id: str
    message: str
    actions: list[ActionText]
    """What can be done about it, the likeliest first; none while it waits for the next run."""
    fields: list[Values]
    """The fields in question, long values cut."""
    keeps: dict[str, list[KeepText]]
    """With ``keep``: by field, whose value can be kept. One that the other side has refused would come straight back.
    """


class BacklogEntry(BacklogItem, kw_only=True):
    """An entry with all that is known of it."""

    questions: list[Question]


def backlog(
    store: Store, paths: Paths, *, state: str, cls: str | None, after: Sequence[str] | None, limit: int
) -> Found:
    """A page of entries.

    Args:
        cls: of this class only.
        after: the place where the page before ended.
    """
    where = [Where("state", "==", state)]
    if cls is not None:
        where.append(Where("class", "==", cls))
    return _page(store, paths.collection("backlog"), where, after=after, limit=limit)


def item(doc: Doc) -> BacklogItem:
    """An entry for a list: long values are cut."""
    return BacklogItem(**_item(doc, questions(doc.data["entries"])))


def entry(doc: Doc) -> BacklogEntry:
    """An entry with everything."""
    found = questions(doc.data["entries"])
    return BacklogEntry(**_item(doc, found), questions=found)


def _item(doc: Doc, found: Sequence[Question]) -> dict[str, Any]:
    data = doc.data
    first = next((one for one in found if one.cls == data["class"]), found[0])
    values = {one.name: one for question in found for one in question.fields}
    return {
        "id": doc.id,
        "cls": data["class"],
        "state": data["state"],
        "at": data["at"],
        "asked": asked(data),
        "first_at": data["first_at"],
        "attempts": data["attempts"],
        "whole": data["whole"],
        "contact": data["link"],
        "name": data.get("name", ""),
        **_ids(data),
        "message": first.message,
        "actions": actions(data),
        "keeps": keeps(data),
        "fields": [
            Values(
                name=one.name,
                label=one.label,
                sugar=short(one.sugar),
                google=short(one.google),
                base=None if one.base is None else short(one.base),
            )
            for one in values.values()
        ],
    }


# -- both --------------------------------------------------------------------------------------------


def _page(
    store: Store,
    collection: str,
    where: Sequence[Where],
    *,
    after: Sequence[str] | None,
    limit: int,
    ascending: bool = False,
) -> Found:
    docs = store.query(collection, where, order="at", descending=not ascending, limit=limit + 1, after=after)
    page = docs[:limit]
    return Found(page, [page[-1].data["at"], page[-1].id] if len(docs) > limit else None)


def _ids(data: Mapping[str, Any]) -> dict[str, str]:
    ids = data.get("ids", {})
    return {"sugar_id": ids.get("sugar", ""), "google_id": ids.get("google", "")}
