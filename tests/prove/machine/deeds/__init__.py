"""What users do, as values that hypothesis draws, prints and makes smaller; each knows how it is done.

A deed names its contact by its place in the row (``nth``), which goes round. What it meets may not be there any more:
then nothing happens.
"""

from __future__ import annotations

from tests.prove.machine.deeds.base import Deed
from tests.prove.machine.deeds.edit import EditEmail, EditField
from tests.prove.machine.deeds.make import Create
from tests.prove.machine.deeds.move import Favorite, Hide, Protect, Reassign, Relabel, Rename, Show
from tests.prove.machine.deeds.remove import Delete, Merge, Restore

__all__ = [
    "Create",
    "Deed",
    "Delete",
    "EditEmail",
    "EditField",
    "Favorite",
    "Hide",
    "Merge",
    "Protect",
    "Reassign",
    "Relabel",
    "Rename",
    "Restore",
    "Show",
]
