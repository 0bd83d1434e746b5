"""The emulator, for the stories that run on Firestore as well."""

from __future__ import annotations

from tests.emulator import firestore_emulator, firestore_project

__all__ = ["firestore_emulator", "firestore_project"]
