"""One clock for several processes: the parent moves it, workers read it from a file that all have mapped."""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

_FORM = struct.Struct("=q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class SharedClock:
    """Satisfies ``shared.clock.Clock``. A time is eight bytes on their own, which are read and written at once."""

    def __init__(self, file: Path) -> None:
        """
        Args:
            file: made where it is missing, and then shows 1970.
        """
        if not file.exists():
            file.write_bytes(_FORM.pack(0))
        with file.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), _FORM.size)

    def now(self) -> datetime:
        return _EPOCH + _TICK * int(_FORM.unpack_from(self._memory)[0])

    def set(self, moment: datetime) -> None:
        """Moves it, for everybody."""
        _FORM.pack_into(self._memory, 0, (moment - _EPOCH) // _TICK)

    def sleep(self, seconds: float) -> None:
        """Only who owns the clock moves it, and nothing here retries by sleeping.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("a worker cannot move the clock")

    def close(self) -> None:
        self._memory.close()
