"""History rows: one per contact and run, append-only, with the native record of each written side before and after."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from shared.names import Op, SideName
from shared.side import FieldMap, Record
from shared.sync.journal import Intent

Row = dict[str, Any]


def told(row: Row | None, facts: Sequence[tuple[Intent, Record | None]]) -> Row | None:
    """The row of this run, with the writes of an earlier run that turned out to have happened.

    Their before-images come from the journal; a crash took the write's own answer, so what was read now stands for it.
    What happened first is told first.
    """
    if not facts:
        return row
    told: Row = dict(row) if row is not None else {"kinds": [], "why": "", "fields": [], "native": {}}
    native, kinds, fields = dict(told["native"]), list(told["kinds"]), []
    for op, record in facts:
        after = None if op.op is Op.DELETE or record is None else record.native
        later = native.get(op.side.value)
        native[op.side.value] = {"before": op.before, "after": later["after"] if later else after}
        # A deleted contact that somebody wants again takes no row back.
        undo = ("undo",) if op.undone is not None and (op.undone.rows or op.op is not Op.CREATE) else ()
        kinds += [kind for kind in (*undo, f"{op.op} {op.side}", "recovered") if kind not in kinds]
        fields += [_field(op, item) for item in op.fields] or _created(op)
    why = "; ".join(dict.fromkeys(text for text in (*(op.why for op, _ in facts), told["why"]) if text))
    told |= {"kinds": kinds, "fields": [*fields, *told["fields"]], "native": native, "why": why}
    undone = [row for op, _ in facts if op.undone is not None for row in op.undone.rows]
    return {**told, "undoes": list(dict.fromkeys(undone))} if undone else told


def private(row: Row, names: Collection[str], fields: Mapping[SideName, FieldMap]) -> Row:
    """The row without the values of these canonical fields, which are not to be kept; ``hidden`` names them.

    That they changed, and why, is still told.
    """
    if not names:
        return row
    return {
        **row,
        "hidden": sorted(names),
        "name": "" if {"first_name", "last_name"} & set(names) else row.get("name", ""),
        "fields": [
            {**item, "before": "", "after": "", "loser": None, "hidden": True} if item["name"] in names else item
            for item in row["fields"]
        ],
        "native": {
            side: {
                when: None if record is None else fields[SideName(side)].without(record, names)
                for when, record in around.items()
            }
            for side, around in row["native"].items()
        },
    }


def _field(op: Intent, item: Row) -> Row:
    before, after = item[op.side.value], item[op.side.other.value]
    return {
        "name": item["name"],
        "to": op.side.value,
        "before": before,
        "after": after,
        "why": item["why"],
        "loser": before if item["conflict"] else None,
    }


def _created(op: Intent) -> list[Row]:
    if op.op is not Op.CREATE:
        return []
    values = {**op.values, "emails": ", ".join(address for address, _, _ in op.emails)}
    return [
        {"name": name, "to": op.side.value, "before": "", "after": value, "why": "new", "loser": None}
        for name, value in values.items()
        if value
    ]
