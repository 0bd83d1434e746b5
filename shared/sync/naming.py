"""What a contact is called where a person reads of it: in previews, in history, in the backlog."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contact.model import Contact, Email
from shared.contact.normal import clean
from shared.names import SideName
from shared.side import FieldMap
from shared.sync.plan.model import Subject

_MOST = 200


def name_of(fields: Mapping[SideName, FieldMap], subject: Subject) -> str:
    """As it was read, in Sugar first; blank if nothing is known that could name it."""
    link = subject.link
    for side in SideName:
        record = subject.half(side).there
        if record is not None and side in fields:
            memo = link.memo.get(side, {}) if link else {}
            if name := called(fields[side].view(record.native, memo, None).contact):
                return name
    if link is None:
        return ""
    return called(Contact(link.base, tuple(Email(key) for key in link.base_emails or ())))


def called(contact: Contact) -> str:
    """Its name; without one its first email, company or phone."""
    name = f"{contact.get('first_name')} {contact.get('last_name')}"
    email = contact.emails[0].address if contact.emails else ""
    for text in (name, email, contact.get("company"), contact.get("phone_mobile"), contact.get("phone_work")):
        if found := " ".join(clean(text).split()):
            return found[:_MOST]
    return ""
