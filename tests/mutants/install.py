"""Putting a mutant into this process: its modules are compiled from the changed source as they are imported.

Nothing on disk is changed, and no compiled file is read or written for them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from tests.mutants.mutant import ROOT, Mutant


class TooLate(Exception):
    """Modules of the product were imported before the mutant came."""


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._source.encode(), self.path)

    def get_source(self, fullname: str) -> str:
        return self._source


class Finder(MetaPathFinder):
    """Finds the modules that a mutant changes, before anybody else does."""

    def __init__(self, mutant: Mutant) -> None:
        """
        Raises:
            DoesNotApply: an old text does not occur exactly once.
        """
        self.loaded: set[str] = set()
        """The changed modules that were imported."""
        self._sources = {name: source for name in mutant.modules if (source := mutant.source(name)) is not None}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The changed module, or ``None`` for all others."""
        source = self._sources.get(fullname)
        if source is None:
            return None
        self.loaded.add(fullname)
        file = str(ROOT / f"{fullname.replace('.', '/')}.py")
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, file, source))


def install(mutant: Mutant) -> Finder:
    """Lets it loose.

    Raises:
        TooLate: the product was imported already.
        DoesNotApply: an old text does not occur exactly once.
    """
    early = sorted(name for name in sys.modules if name.partition(".")[0] in ("shared", "functions"))
    if early:
        raise TooLate(f"imported before the mutant: {', '.join(early[:5])}")
    finder = Finder(mutant)
    sys.meta_path.insert(0, finder)
    return finder
