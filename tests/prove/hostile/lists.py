"""Mutators of listings and reads: rows missing, repeated, invented or out of order; cursors that lead nowhere."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.prove.hostile.answer import BLANKS, COPIES, LIES, MARK, SAME, TOMORROW, Change, Honest, Hope, Mutator
from tests.prove.hostile.calls import FEEDS, READS, SEARCHES
from tests.simulators.wire import Reply

Rows = list[Any]
_LISTS = {"sugar": "records", "google": "connections"}
_NEVER_ASKED = itertools.count(1)


def _key(answer: Honest) -> str:
    return "responses" if answer.kind == "google read" else _LISTS[answer.side]


_LINKS = "linked records"
"""Under this name the older dialect's two lists, of records and of what is linked to them, are made one."""


def _older_rows(body: Any) -> Rows | None:
    if not isinstance(body, dict) or not isinstance(body.get("entry_list"), list):
        return None
    return [{**row, _LINKS: links} for row, links in zip(body["entry_list"], body["relationship_list"], strict=True)]


def _with_older_rows(answer: Honest, rows: Rows) -> Reply:
    whole = [row if isinstance(row, dict) else {} for row in rows]
    entries = [{k: v for k, v in row.items() if k != _LINKS} if isinstance(row, dict) else row for row in rows]
    links = [row.get(_LINKS, {"link_list": []}) for row in whole]
    return answer.with_body({**answer.json, "entry_list": entries, "relationship_list": links})


def _rows(make: Callable[[Rows], Rows | None]) -> Change:
    """The answer with other rows; none where it holds no list of them."""

    def change(answer: Honest) -> Reply | None:
        if answer.older:
            known = _older_rows(answer.json) if answer.kind in FEEDS | READS | SEARCHES else None
            found = make(known) if known else None
            return None if found is None or found == known else _with_older_rows(answer, found)
        body = answer.json
        rows = body.get(_key(answer)) if isinstance(body, dict) and answer.kind in FEEDS | READS | SEARCHES else None
        made = make(rows) if isinstance(rows, list) and rows else None
        return None if made is None or made == rows else answer.with_body({**body, _key(answer): made})

    return change


def _each(make: Callable[[Any, str], Any]) -> Change:
    """Each row (for a read of Google: each person) changed; ``make`` gets a row and which side it is of."""

    def change(answer: Honest) -> Reply | None:
        def one(row: Any) -> Any:
            if answer.kind == "google read":
                return {**row, "person": make(row["person"], answer.side)} if "person" in row else row
            return make(row, answer.side)

        return _rows(lambda rows: [one(row) for row in rows])(answer)

    return change


def _members(only: str = "", **members: Any) -> Change:
    """Members of the whole answer, set; where they are callable, made of what was there."""

    def change(answer: Honest) -> Reply | None:
        body = answer.json
        if answer.kind not in FEEDS | READS | SEARCHES or not isinstance(body, dict) or only not in ("", answer.side):
            return None
        made = {name: value(body.get(name)) if callable(value) else value for name, value in members.items()}
        return answer.with_body({**body, **made})

    return change


def _stranger(row: dict[str, Any], side: str) -> dict[str, Any]:
    """A row like this one, of a contact that there is not."""
    n = next(_NEVER_ASKED)
    made = copy.deepcopy(row)
    if _LINKS in made:
        values = {**made["name_value_list"], "last_name": {"name": "last_name", "value": f"{MARK}{n}"}}
        return {**made, "id": f"{n:08x}-ffff-4fff-bfff-{n:012x}", "name_value_list": values}
    if side == "sugar":
        return {**made, "id": f"{n:08x}-ffff-4fff-bfff-{n:012x}", "last_name": f"{MARK}{n}", "email": []}
    return {**made, "resourceName": f"people/c{10**18 + n}", "names": [{"familyName": f"{MARK}{n}"}], "etag": f"%{n}"}


def _with_stranger(answer: Honest) -> Reply | None:
    def more(rows: Rows) -> Rows:
        if answer.kind == "google read":
            person = next((row["person"] for row in rows if "person" in row), None)
            return [*rows, {"person": _stranger(person, "google")}] if person else rows
        return [*rows, _stranger(rows[-1], answer.side)]

    return _rows(more)(answer)


def _swapped(rows: Rows) -> Rows:
    """What stands beside each id, one row further."""
    named = "id" if "id" in rows[0] else "resourceName" if "resourceName" in rows[0] else "requestedResourceName"
    return [{**rows[n - 1], named: row[named]} for n, row in enumerate(rows)]


def _twice_unlike(answer: Honest) -> Reply | None:
    """Each row twice, the second time with other contents. For a read both are what the API says of the record."""

    def unlike(row: dict[str, Any]) -> dict[str, Any]:
        if _LINKS in row:
            title = {"name": "title", "value": MARK}
            return {**row, "name_value_list": {**row["name_value_list"], "title": title}}
        if "person" in row:
            return {**row, "person": unlike(row["person"])}
        if "resourceName" in row:
            return {**row, "organizations": [{"title": MARK}]}
        return {**row, "title": MARK}

    return _rows(lambda rows: [each for row in rows for each in (row, unlike(row))])(answer)


def _endless(*, same: bool) -> Change:
    """A page that says that more is to come, and comes with new rows (or the same ones) each time it is asked."""

    def change(answer: Honest) -> Reply | None:
        if answer.kind not in FEEDS | SEARCHES:
            return None
        body = answer.json
        if answer.older:
            rows = _older_rows(body) or []
            more = rows if same else [*rows, *(_stranger(row, "sugar") for row in rows[-1:])]
            reply = _with_older_rows(answer, more)
            return answer.with_body({**json.loads(reply.encoded()), "total_count": str(len(more) + 1)})
        rows = body.get(_key(answer)) or []
        if not same:
            rows = [*rows, *(_stranger(row, answer.side) for row in rows[-1:])]
        if answer.side == "sugar":
            return answer.with_body({**body, "next_offset": len(rows), "records": rows})
        body.pop("nextSyncToken", None)
        token = "again" if same else f"page{next(_NEVER_ASKED)}"
        return answer.with_body({**body, "connections": rows, "nextPageToken": token})

    return change


def _dated(date: str) -> Change:
    def make(row: Any, side: str) -> Any:
        if _LINKS in row:
            dates = {"date_modified": {"name": "date_modified", "value": date}}
            return {**row, "name_value_list": {**row["name_value_list"], **dates}}
        if side == "sugar":
            return {**row, "date_modified": date}
        found = copy.deepcopy(row)
        for source in found.get("metadata", {}).get("sources", ()):
            source["updateTime"] = date
        return found

    return _each(make)


def _reads_lie(kind: str) -> Hope:
    """A fresh read is the truth; of what it says in the right form nothing can be known to be wrong."""
    return LIES if kind in READS else SAME


def hides(kind: str) -> Hope:
    """What a listing leaves out, in the right form, is not there.

    What Google's first listing hides may be created a second time. What Sugar's hides is listed the next day; a search
    that finds nobody leads to a second one. Of a delta nothing is lost for longer than until the next whole listing.
    """
    hopes = {"sugar full": TOMORROW, "sugar delta": TOMORROW, "google delta": replace(SAME, days=7)}
    return COPIES if kind in SEARCHES or kind == "google full" else hopes.get(kind, LIES)


def _same(_: str) -> Hope:
    return SAME


def _hidden_news(kind: str) -> Hope:
    """A row without its contents, or with another's, says less than it should: a deletion, or our key."""
    return replace(SAME, days=7) if kind == "google delta" else _reads_lie(kind)


def _swaps(kind: str) -> Hope:
    """Another contact's contents under an id: in a read nobody can tell, and what the other has blank is cleared."""
    return BLANKS if kind in READS else _hidden_news(kind)


def _rows_of_all() -> Iterator[Mutator]:
    yield Mutator("no rows", _rows(lambda rows: []), hides)
    yield Mutator("first row left out", _rows(lambda rows: rows[1:]), hides)
    yield Mutator("last row left out", _rows(lambda rows: rows[:-1]), hides)
    yield Mutator("every other row left out", _rows(lambda rows: rows[::2]), hides)
    yield Mutator("rows backwards", _rows(lambda rows: rows[::-1]))
    yield Mutator("rows twice", _rows(lambda rows: rows * 2))
    yield Mutator("a row 3000 times", _rows(lambda rows: [*rows, *rows[-1:] * 3000]))
    yield Mutator("rows of null", _rows(lambda rows: [None for _ in rows]))
    yield Mutator("rows with a null among them", _rows(lambda rows: [*rows, None]))
    yield Mutator("rows of lists", _rows(lambda rows: [[row] for row in rows]))
    yield Mutator("a row never asked for", _with_stranger)
    yield Mutator("rows beside other ids", _rows(_swapped), _swaps)
    yield Mutator("rows twice, unlike", _twice_unlike, _reads_lie)
    yield Mutator("rows as an object", _members_as_object)
    yield Mutator(
        "rows without contents",
        _each(lambda row, side: {k: row[k] for k in ("id", "resourceName") if k in row}),
        _hidden_news,
    )


def _members_as_object(answer: Honest) -> Reply | None:
    body = answer.json
    if answer.kind not in FEEDS | READS | SEARCHES or not isinstance(body, dict) or _key(answer) not in body:
        return None
    return answer.with_body({**body, _key(answer): {str(n): row for n, row in enumerate(body[_key(answer)])}})


def _ids() -> Iterator[Mutator]:
    for name, made in (
        ("blank", ""),
        ("with a slash", "a/b"),
        ("that climb", "../../users/u-jane"),
        ("of dots", ".."),
        ("of underscores", "__zq__"),
        ("of half a character", "\ud800"),
        ("with NUL", "a\0b"),
        ("of 10 kB", MARK * 1100),
        ("of a number", 7),
    ):

        def give(row: Any, side: str, made: Any = made) -> Any:
            named = "id" if side == "sugar" else "resourceName"
            return {**row, named: f"people/{made}" if side == "google" and isinstance(made, str) else made}

        yield Mutator(f"ids {name}", _each(give), hides)


def _ends() -> Iterator[Mutator]:
    offsets: tuple[Any, ...] = (0, 5, 10**30, -7, "-1", "zq", None, True, 1.5, [], float("nan"))
    for value in offsets:
        ends = value in (-7, "-1")
        yield Mutator(f"next_offset {value!r}", _members("sugar", next_offset=value), hides if ends else _same)
    yield Mutator("next_offset missing", _without("next_offset"))
    tokens: tuple[Any, ...] = ("", 7, None, [], {}, "\ud800", MARK * 1000)
    for name in ("nextPageToken", "nextSyncToken"):
        for value in tokens:
            shown = value if not isinstance(value, str) else {"\ud800": "half a character"}.get(value, value[:9])
            yield Mutator(f"{name} {shown!r}", _members("google", **{name: value}))
        yield Mutator(f"{name} missing", _without(name))
    yield Mutator("a page and a sync token", _members("google", nextPageToken=MARK))
    totals: tuple[Any, ...] = (-1, 0, "0", 10**9, "zq", None, [], True, 1.5, float("nan"))
    for value in totals:
        yield Mutator(f"total_count {value!r}", _older_members(total_count=value), hides)
    counts: tuple[Any, ...] = (-1, 0, 10**9, "zq", None)
    for value in counts:
        yield Mutator(f"counts {value!r}", _members(totalItems=value, totalPeople=value, record_count=value))
    yield Mutator("the same page for ever", _endless(same=True), endless=True)
    yield Mutator("new pages for ever", _endless(same=False), endless=True)


def _older_members(**members: Any) -> Change:
    """The same of the older dialect."""

    def change(answer: Honest) -> Reply | None:
        body = answer.json if answer.older else None
        return answer.with_body({**body, **members}) if isinstance(body, dict) and "entry_list" in body else None

    return change


def _without(name: str) -> Change:
    def change(answer: Honest) -> Reply | None:
        body = answer.json
        if not isinstance(body, dict) or name not in body:
            return None
        del body[name]
        return answer.with_body(body)

    return change


def _when() -> Iterator[Mutator]:
    for name, date in (
        ("in the far future", "2199-01-01T00:00:00+00:00"),
        ("in the last second", "9999-12-31T23:59:59+00:00"),
        ("beyond the last second", "9999-12-31T23:59:59-12:00"),
        ("in the first second", "0001-01-01T00:00:00+00:00"),
        ("before the first second", "0001-01-01T00:00:00+12:00"),
        ("long ago", "1970-01-01T00:00:00Z"),
        ("without a zone", "2026-03-02T09:00:00"),
        ("of a day", "2026-03-02"),
        ("of a week", "2026-W10-1T09:00:00Z"),
        ("in basic form", "20260302T090000Z"),
        ("in words", "Mon, 02 Mar 2026 09:00:00 GMT"),
        ("in seconds", "1772442000"),
        ("with a space", "2026-03-02 09:00:00"),
        ("of no day", "2026-02-30T09:00:00Z"),
        ("blank", ""),
    ):
        yield Mutator(f"dates {name}", _dated(date))


CATALOGUE: tuple[Mutator, ...] = (*_rows_of_all(), *_ids(), *_ends(), *_when())
