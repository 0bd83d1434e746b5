"""The log: one JSON line per event on standard output, ids and counts only.

The keys are those that Cloud Logging reads from structured lines.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

_TRACE = re.compile(r"([0-9a-f]{32})(?:/\d+)?(?:;o=\d+)?")
_STANDARD = frozenset(vars(logging.makeLogRecord({})))
_trace: ContextVar[str] = ContextVar("trace", default="")


@contextmanager
def traced(header: str, project: str) -> Iterator[None]:
    """All lines from inside belong to one trace: the one that ``X-Cloud-Trace-Context`` names, or a new one.

    Args:
        project: the Google Cloud project; blank where there is none.
    """
    found = _TRACE.fullmatch(header)
    name = found[1] if found else secrets.token_hex(16)
    token = _trace.set(f"projects/{project}/traces/{name}" if project else name)
    try:
        yield
    finally:
        _trace.reset(token)


class JsonLines(logging.Formatter):
    """A record as one line of JSON; what was given as ``extra`` stands beside the message.

    Tracebacks carry the places but not the messages of exceptions, whose texts may hold what was read.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if trace := _trace.get():
            line["logging.googleapis.com/trace"] = trace
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["stack"] = _places(record.exc_info[2])
        return msgspec.json.encode(line, enc_hook=str).decode()


def _places(traceback: Any) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{code.co_filename}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-20:]


def to_stdout(stream: TextIO | None = None) -> None:
    """Sends our own records, and the warnings of others, to standard output as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("shared").setLevel(logging.INFO)
