"""What a mutant is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


class DoesNotApply(Exception):
    """The product has moved on, and the mutant has to follow: its old text is not there exactly once."""


@dataclass(frozen=True, slots=True)
class Change:
    """One text of one module, replaced."""

    file: str
    """Below the repository, ``shared/...``."""
    old: str
    """Occurs exactly once."""
    new: str

    @property
    def module(self) -> str:
        """The name under which the file is imported."""
        return self.file.removesuffix(".py").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong variant."""

    name: str
    why: str
    """One sentence: what makes it tempting, and what is wrong with it."""
    changes: tuple[Change, ...]
    hunters: tuple[str, ...]
    """The tests (ids, or files) that are to kill it, the likeliest first."""

    def source(self, module: str) -> str | None:
        """The changed source of that module; ``None`` if this mutant leaves it alone.

        Raises:
            DoesNotApply: an old text does not occur exactly once, or the result is no Python.
        """
        mine = [change for change in self.changes if change.module == module]
        if not mine:
            return None
        text = (ROOT / mine[0].file).read_text(encoding="utf-8")
        for change in mine:
            count = text.count(change.old)
            if count != 1:
                raise DoesNotApply(f"mutant {self.name}: {change.file} holds {count} times: {change.old!r}")
            text = text.replace(change.old, change.new)
        try:
            compile(text, mine[0].file, "exec")
        except SyntaxError as error:
            raise DoesNotApply(f"mutant {self.name}: {change.file} is no Python any more: {error}") from None
        return text

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that it changes, each once."""
        return tuple(dict.fromkeys(change.module for change in self.changes))


def swap(file: str, old: str, new: str) -> tuple[Change, ...]:
    """The changes of a mutant that is a single one."""
    return (Change(file, old, new),)
