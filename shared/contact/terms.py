"""Index terms: short hashes by which contacts that may be the same person are found.

A term only names candidates, which are then read and compared; 60 bits are plenty for that, and let the index of
25,000 contacts stay small. Terms of equal normal forms are equal. They are not secrets: whoever knows an address can
tell whether its term is there.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import blake2b

from shared.contact.fields import PHONE_SLOTS, Kind
from shared.contact.model import Contact
from shared.contact.normal import email_key, name_key, normal

_PERSON = b"scs-terms"
_CHARACTERS = 10


def terms(contact: Contact, region: str) -> tuple[str, ...]:
    """The terms of all its emails (``e:``), of its first and last name (``n:``) and of its phones (``p:``).

    Sorted, each once; fields that are blank or not readable have none. Phone terms depend on the region.
    """
    found = {email_term(email.address) for email in contact.emails or () if email_key(email.address)}
    name = name_term(contact.get("first_name"), contact.get("last_name"))
    if name:
        found.add(name)
    for slot in PHONE_SLOTS:
        phone = phone_term(contact.get(slot), region)
        if phone:
            found.add(phone)
    return tuple(sorted(found))


def key_term(key: str) -> str:
    """The term of a key of ours that a record carries."""
    return "k:" + _hash(key)


def email_term(address: str) -> str:
    """The term of an address, the same for every spelling of it."""
    return "e:" + _hash(email_key(address))


def name_term(first: str, last: str) -> str | None:
    """The term of a name as :func:`~shared.contact.normal.same_name` compares it; ``None`` for a blank one."""
    key = name_key(first, last)
    return "n:" + _hash(key) if key else None


def phone_term(value: str, region: str) -> str | None:
    """The term of a phone number; ``None`` without any digit, since words like "n/a" tell nobody apart."""
    form = normal(Kind.PHONE, value, region)
    return "p:" + _hash(form) if any(map(str.isdecimal, form)) else None


def _hash(text: str) -> str:
    """60 bits as 10 characters ``[A-Za-z0-9_-]``."""
    digest = blake2b(text.encode("utf-8"), digest_size=8, person=_PERSON).digest()
    return urlsafe_b64encode(digest)[:_CHARACTERS].decode("ascii")
