"""Taking a write back by its values, where what holds them has been edited since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from shared.contact.emails import email_keys
from shared.contact.fields import EMAILS, Kind
from shared.contact.model import Contact, Email
from shared.contact.normal import email_key, normal


def taken_back(
    now: Contact, before: Contact, after: Contact, names: Iterable[str], kind: Callable[[str], Kind], region: str
) -> tuple[Contact, list[str], list[str]]:
    """The contact with these fields as they were before a write, if they still show what it wrote.

    Emails go address by address: what the write added goes if it is there, what it removed comes back.

    Returns:
        What is to be shown; the fields that differ from ``now`` in it; those that were edited since and stay.
    """
    target, changed, edited = now, [], []
    for name in names:
        if name == EMAILS:
            emails = _emails(now, before, after)
            if emails is None:
                edited.append(name)
            elif emails != now.emails:
                target = replace(target, emails=emails)
                changed.append(name)
            continue
        forms = [normal(kind(name), each.get(name), region) for each in (now, before, after)]
        if not all(name in each.values for each in (now, before, after)):
            edited.append(name)
        elif forms[0] == forms[2] != forms[1]:
            target = target.with_values({name: before.values[name]})
            changed.append(name)
        elif forms[0] != forms[1]:
            edited.append(name)
    return target, changed, edited


def _emails(now: Contact, before: Contact, after: Contact) -> tuple[Email, ...] | None:
    """The addresses as they should be; ``None`` where one of the lists cannot be read."""
    if now.emails is None or before.emails is None or after.emails is None:
        return None
    added = email_keys(after.emails) - email_keys(before.emails)
    removed = email_keys(before.emails) - email_keys(after.emails)
    here = email_keys(now.emails)
    if not (added & here or removed - here):
        return now.emails
    kept = [email for email in now.emails if email_key(email.address) not in added]
    return (*kept, *(e for e in before.emails if email_key(e.address) in removed - here))
