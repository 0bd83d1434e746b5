"""What the demo prints: plain text, aligned, the same on a terminal and in a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TextIO

WIDTH = 118


def clean(text: object) -> str:
    """One line without anything that moves a cursor or turns the writing around: such characters are spelled out."""
    return "".join(
        c if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029" else ascii(c)[1:-1] for c in str(text)
    )


def cut(text: object, width: int) -> str:
    """At most so many columns, an ellipsis standing for the rest."""
    line = clean(text)
    return line if len(line) <= width else line[: width - 1] + "…"


class Screen:
    """Prints to one stream."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._acts = 0

    def line(self, text: object = "") -> None:
        self._out.write(clean(text) + "\n")
        self._out.flush()

    def act(self, title: str) -> None:
        """The heading of a step."""
        self._acts += 1
        self.line()
        self.line(f"{self._acts}. {title}")
        self.line("-" * WIDTH)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]], widths: Sequence[int]) -> None:
        """Aligned columns; one of a negative width is aligned to the right, width 0 takes what is left."""
        left = WIDTH - sum(abs(width) for width in widths) - 2 * (len(widths) - 1)
        sizes = [width or left for width in widths]
        for row in (head, *rows):
            cells = [
                cut(cell, -size).rjust(-size) if size < 0 else cut(cell, size).ljust(size)
                for cell, size in zip(row, sizes, strict=True)
            ]
            self.line("  ".join(cells).rstrip())

    def progress(self, done: int, remaining: int, what: str) -> None:
        """One batch: the bar, what is done, what is left, and what the batch did."""
        total = done + remaining
        filled = 20 * done // total if total else 20
        bar = "#" * filled + "." * (20 - filled)
        self.line(f"[{bar}] {done:4} looked at {remaining:5} left   {what}")
