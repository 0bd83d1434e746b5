"""Which rows an undo takes back: what is in force, and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from shared.names import Op, SideName
from shared.sync.undo.ask import UndoAsk
from shared.sync.undo.choose import chosen, task

Rows = list[tuple[str, dict[str, Any]]]


def row(*undoes: str, fields: str = "title", native: str = "update", run: str = "run", at: str = "") -> dict[str, Any]:
    """A row that wrote these fields in Google, or made or removed the contact there."""
    around: dict[str, Any] = {"before": {}, "after": {}}
    around |= {"create": {"before": None}, "delete": {"after": None}}.get(native, {})
    return {
        "link": "l1",
        "run": run,
        "at": at,
        "kinds": ["undo" if undoes else native, f"{native} google"],
        "fields": [{"name": name, "to": "google", "before": "a", "after": "b"} for name in fields.split()],
        "native": {"google": around},
        "undoes": list(undoes),
    }


def rows(**by_name: dict[str, Any]) -> Rows:
    """By name, the newest first."""
    return list(reversed(by_name.items()))


@pytest.mark.parametrize(
    ("known", "meant", "picked", "over"),
    [
        (rows(a=row(), b=row()), "a b", "b a", False),
        (rows(a=row(), b=row()), "a", "a", False),
        # Undone already: passed over, and said.
        (rows(a=row(), u=row("a")), "a", "", True),
        # An undo alone is taken back like anything else; together with what it undid it is nothing.
        (rows(a=row(), u=row("a")), "u", "u", False),
        (rows(a=row(), u=row("a")), "a u", "", True),
        (rows(a=row(), b=row(), u=row("b")), "b u", "", True),
        (rows(a=row(), u=row("a"), b=row()), "u b", "b u", False),
        # Done again: in force.
        (rows(a=row(), u=row("a"), v=row("u")), "a", "a", False),
        (rows(a=row(), u=row("a"), v=row("u")), "u", "", True),
        (rows(a=row(), u=row("a"), v=row("u")), "a u v", "a", True),
        (rows(a=row(), u=row("a"), v=row("u"), w=row("a")), "a", "", True),
        # One field of two was undone: the other is in force.
        (rows(a=row(fields="title notes"), u=row("a", fields="title")), "a", "a", False),
        (rows(a=row(fields="title notes"), u=row("a", fields="title"), v=row("a", fields="notes")), "a", "", True),
        # A create and its removal.
        (rows(a=row(native="create"), u=row("a", native="delete", fields="")), "a", "", True),
        (rows(a=row(native="delete", fields=""), u=row("a", native="create")), "a", "", True),
    ],
)
def test_what_is_in_force(known: Rows, meant: str, picked: str, over: bool) -> None:
    wanted = meant.split()
    assert chosen(known, lambda name, _: name in wanted) == (picked.split(), over)


def test_what_is_meant() -> None:
    data = row(run="r1", at="2026-03-02")
    assert UndoAsk(row="a").holds("a", data)
    assert not UndoAsk(row="a").holds("b", data)
    assert UndoAsk(contact="l1", since="2026-03-01", until="2026-03-03").holds("a", data)
    assert not UndoAsk(contact="l2").holds("a", data)
    assert not UndoAsk(run="r2").holds("a", data)
    assert not UndoAsk(since="2026-03-03", until="2026-03-04").holds("a", data)
    assert not UndoAsk(since="2026-03-01", until="2026-03-02").holds("a", data)


def test_rows_as_deeds() -> None:
    made = row(native="create", fields="title notes")
    recovered = {**row(fields="title notes"), "kinds": ["update google", "recovered"], "hidden": ["notes"]}
    deeds = task([("b", recovered), ("a", made)]).deeds
    assert [(d.row, d.side, d.op, d.exact) for d in deeds] == [
        ("b", SideName.GOOGLE, Op.UPDATE, False),
        ("a", SideName.GOOGLE, Op.CREATE, True),
    ]
    assert (deeds[0].fields, deeds[0].hidden) == (("title", "notes"), ("notes",))
    alone = task([("b", recovered), ("a", made)], ["notes"]).deeds
    assert [(d.row, d.fields) for d in alone] == [("b", ("notes",))], "fields of an update only"
