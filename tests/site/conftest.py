"""Fixtures of other folders."""

from tests.emulator import firestore_emulator, firestore_project

__all__ = ["firestore_emulator", "firestore_project"]
