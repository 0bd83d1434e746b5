"""The field map of the older dialect: that of the other one, and what becomes of texts here."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shared.contact.fields import CUSTOM_PREFIX, EMAILS
from shared.contact.model import Contact
from shared.side import Native
from shared.sugar.fieldmap import SugarFieldMap
from shared.sugar.metadata import Schema
from shared.sugar.records import Scope
from shared.sugar.table import NATIVE
from shared.suitecrm.text import cleaned, is_rendering


class SuiteFieldMap(SugarFieldMap):
    """Records have the form of the other dialect; see :mod:`shared.suitecrm.rows`."""

    def __init__(self, schema: Schema, synced: Collection[str], scope: Scope) -> None:
        super().__init__(schema, synced, scope)
        self._canonical = {native: name for name, native in NATIVE.items()}

    def renderings(self, contact: Contact) -> tuple[Mapping[str, str], ...]:
        """Those of the other dialect, and a text that was cleaned: without scripts and tags, entities decoded."""
        found = super().renderings(contact)
        for name, value in contact.values.items():
            if ("&" in value or "<" in value) and (short := cleaned(value)) != value:
                found = (*found, {name: short})
        return found

    def canonical_of(self, native: str) -> str:
        """The field's canonical name."""
        return self._canonical.get(native, CUSTOM_PREFIX + native)

    def edited(self, payload: Native, shown: Native, *, created: bool) -> frozenset[str]:
        """Of the fields that were sent, those that show what cannot have become of it: somebody edited them since.

        What a contact that was just ``created`` lacks was dropped by the server, unless it was modified since then:
        taken for a user's clearing, it would be cleared on the other side.
        """
        untouched = created and shown.get("date_entered") == shown.get("date_modified") is not None
        edited = set()
        for native, sent in payload.items():
            value = shown.get(native)
            name = self.canonical_of(native)
            if name == EMAILS or not isinstance(sent, str) or not isinstance(value, str):
                continue
            if not is_rendering(sent, value) and not (untouched and not value.strip()):
                edited.add(name)
        return frozenset(edited)
