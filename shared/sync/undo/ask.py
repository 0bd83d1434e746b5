"""What an undo is asked to take back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.names import SideName
from shared.store.port import Where

Row = Mapping[str, Any]


class UndoAsk(msgspec.Struct, kw_only=True):
    """What is to be undone; exactly one of them is said."""

    row: str = ""
    fields: list[str] = []
    """With ``row``: these alone; empty: all."""
    contact: str = ""
    run: str = ""
    since: str = ""
    """From this moment on."""
    until: str = ""
    """Before this one."""
    created: SideName | None = None
    """All that was created there."""

    def holds(self, row: str, data: Row) -> bool:
        """Whether the row is meant."""
        return (
            self.row in ("", row)
            and self.contact in ("", data["link"])
            and self.run in ("", data["run"])
            and (not self.since or data["at"] >= self.since)
            and (not self.until or data["at"] < self.until)
        )

    def where(self) -> list[Where]:
        """The query for the rows that are meant, all but a single one."""
        where = [Where(key, "==", value) for key, value in (("link", self.contact), ("run", self.run)) if value]
        where += [Where("at", ">=", self.since)] if self.since else []
        return where + ([Where("at", "<", self.until)] if self.until else [])
