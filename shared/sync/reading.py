"""Fresh reads of one run: every record once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.names import SideName
from shared.side import Absent, Record, Side


class Reader:
    """What was read in this run, by side and id."""

    def __init__(self, sides: Mapping[SideName, Side]) -> None:
        self._sides = sides
        self.pool: dict[SideName, dict[str, Record | Absent]] = {side: {} for side in SideName}

    def read(self, wanted: Mapping[SideName, Iterable[str]]) -> None:
        """Reads those that have not been read yet, in one call a side where it goes."""
        for side in SideName:
            missing = sorted({record for record in wanted.get(side, ()) if record} - set(self.pool[side]))
            if missing:
                self.pool[side].update(self._sides[side].read(missing))

    def present(self, side: SideName, ids: Iterable[str]) -> dict[str, Record]:
        """Those of them that are there."""
        found: dict[str, Record] = {}
        for record_id in ids:
            record = self.pool[side].get(record_id)
            if isinstance(record, Record):
                found[record_id] = record
        return found
