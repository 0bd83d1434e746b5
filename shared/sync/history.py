"""History rows: one per contact and run, append-only, with the native record of each written side before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.side import Op, Record
from shared.sync.journal import Intent

Row = dict[str, Any]


def told(row: Row | None, facts: Sequence[tuple[Intent, Record | None]]) -> Row | None:
    """The row of this run, with the writes of an earlier run that turned out to have happened.

    Their before-images come from the journal; a crash took the write's own answer, so what was read now stands for it.
    """
    if not facts:
        return row
    told: Row = dict(row) if row is not None else {"kinds": [], "why": "", "fields": [], "native": {}}
    native, fields, kinds = dict(told["native"]), list(told["fields"]), list(told["kinds"])
    for op, record in facts:
        after = None if op.op is Op.DELETE or record is None else record.native
        later = native.get(op.side.value)
        native[op.side.value] = {"before": op.before, "after": later["after"] if later else after}
        kinds += [kind for kind in (f"{op.op} {op.side}", "recovered") if kind not in kinds]
        fields += [
            {
                "name": item["name"],
                "to": op.side.value,
                "before": item[op.side.value],
                "after": item[op.side.other.value],
                "base": item["base"],
                "why": item["why"],
                "loser": item["loser"],
            }
            for item in op.fields
        ]
    why = "; ".join(dict.fromkeys(text for text in (*(op.why for op, _ in facts), told["why"]) if text))
    return {**told, "kinds": kinds, "fields": fields, "native": native, "why": why}
