"""The field map canonical <-> People API, as one table.

What a canonical field is called in a Google contact, which elements may stand for it, and which members of an
element may be written. Member and type names are those of the discovery document (revision 20251117); a test
holds :data:`WRITABLE` against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from shared.contact.fields import ADDRESS_PARTS, CUSTOM_PREFIX, EMAILS

KEY_NAME = "sugar-contact-sync"
"""The ``clientData`` key under which our own key is planted."""

MY_CONTACTS = "contactGroups/myContacts"
SOURCES = ["READ_SOURCE_TYPE_CONTACT"]

MAX_VALUE = 1024
"""Characters of one value; the account limit of Google Contacts, notes excepted."""
MAX_NOTES = 100_000
"""Characters of notes; what is left of a contact's 128 kB, with room for the rest."""
MAX_CONTACT_BYTES = 120_000
"""UTF-8 bytes of all values together; Google's limit of 128 kB counts the JSON around them too."""
MAX_EMAILS = 400
"""Of the 500 fields that a contact may have."""


@lru_cache(maxsize=1024)
def fold_type(value: str) -> str:
    """A type as it is compared: users type custom ones by hand."""
    return " ".join(value.split()).casefold()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of the canonical contact which one remembered element of a Google contact stands for."""

    name: str
    fields: tuple[str, ...]
    """One canonical field per part of the family."""
    types: tuple[str, ...]
    """Types of elements that fill the slot, the one that is written first; ``""`` is no type."""
    folded: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The types as they are compared."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", tuple(map(fold_type, self.types)))


@dataclass(frozen=True, slots=True)
class Family:
    """A list of a Google contact, whose elements are paired with slots."""

    name: str
    people: str
    """The People field."""
    members: tuple[str, ...]
    """The member that holds each part."""
    slots: tuple[Slot, ...]
    typed_by: str = "type"
    any_type: bool = True
    """Whether an equal value pairs a slot with an element of any type, and a remembered element may change its type."""
    open_types: bool = False
    """Whether elements of every type may fill the slot, those named first going first."""
    additive: bool = True
    """Whether a value that was never agreed on stays beside the one that we write. Not where the user's own mapping
    says that this element is the field."""
    compatible: bool = False
    """Whether parts that contradict each other tell two elements apart (addresses), or one equal part joins them."""


@dataclass(frozen=True, slots=True)
class Single:
    """A canonical field that is one member of the first element of a list."""

    people: str
    member: str


NAMES: Mapping[str, Single] = {
    "prefix": Single("names", "honorificPrefix"),
    "first_name": Single("names", "givenName"),
    "middle_name": Single("names", "middleName"),
    "last_name": Single("names", "familyName"),
    "suffix": Single("names", "honorificSuffix"),
}
BIRTHDAY = Single("birthdays", "date")
NOTES = Single("biographies", "value")
EMAIL = Single("emailAddresses", "value")
EMAIL_TYPES = ("work", "home", "other")
"""Types that new addresses get, in order; those that exist keep theirs."""


def _phone(name: str, *types: str) -> Slot:
    return Slot(name, (name,), types)


def _address(name: str, *types: str) -> Slot:
    return Slot(name, tuple(f"{name}_{part}" for part in ADDRESS_PARTS), types)


FAMILIES: tuple[Family, ...] = (
    Family(
        "phones",
        "phoneNumbers",
        ("value",),
        (
            _phone("phone_work", "work", "main"),
            _phone("phone_mobile", "mobile", "workMobile"),
            _phone("phone_home", "home"),
            _phone("phone_other", "other", ""),
            _phone("phone_fax", "workFax", "homeFax", "otherFax"),
            _phone("phone_assistant", "assistant"),
        ),
    ),
    Family(
        "addresses",
        "addresses",
        # The street is streetAddress with extendedAddress as a further line.
        ("streetAddress", "city", "region", "postalCode", "country"),
        (_address("primary", "work", ""), _address("alt", "home", "other")),
        compatible=True,
    ),
    Family(
        "org",
        "organizations",
        ("name", "title", "department"),
        (Slot("org", ("company", "title", "department"), ("work", "")),),
        open_types=True,
    ),
    Family(
        "url",
        "urls",
        ("value",),
        (Slot("url", ("website",), ("work", "homePage", "", "other", "home")),),
    ),
    Family(
        "nickname",
        "nicknames",
        ("value",),
        (Slot("nickname", ("nickname",), ("", "DEFAULT", "OTHER_NAME", "ALTERNATE_NAME", "SHORT_NAME")),),
    ),
    Family(
        "assistant",
        "relations",
        ("person",),
        (Slot("assistant", ("assistant",), ("assistant",)),),
        any_type=False,
    ),
)


def custom_family(custom: Mapping[str, str]) -> Family:
    """The family of further Sugar fields, kept in Google's custom fields.

    Args:
        custom: the label of the Google custom field by Sugar field name.
    """
    return Family(
        "custom",
        "userDefined",
        ("value",),
        tuple(Slot(CUSTOM_PREFIX + name, (CUSTOM_PREFIX + name,), (label,)) for name, label in sorted(custom.items())),
        typed_by="key",
        any_type=False,
        additive=False,
    )


def native_names(custom: Mapping[str, str]) -> dict[str, str]:
    """Every canonical field with the People member that holds it, for tables and messages."""
    names = {name: f"{single.people}.{single.member}" for name, single in NAMES.items()}
    for family in (*FAMILIES, custom_family(custom)):
        for slot in family.slots:
            types = " or ".join(kind or "no type" for kind in slot.types)
            for name, member in zip(slot.fields, family.members, strict=True):
                names[name] = f"{family.people}.{member} ({types})"
    names[EMAILS] = "emailAddresses.value"
    names["birthday"] = "birthdays.date"
    names["notes"] = "biographies.value"
    return names


NATIVE_LISTS: Mapping[str, str] = {name: native.partition(".")[0] for name, native in native_names({}).items()}
"""The People list in which each canonical field stands, custom ones apart."""


def list_of(name: str, families: Sequence[Family]) -> str:
    """The list that holds a canonical field."""
    single = NAMES.get(name) or {EMAILS: EMAIL, "birthday": BIRTHDAY, "notes": NOTES}.get(name)
    if single is not None:
        return single.people
    return next(family.people for family in families if any(name in slot.fields for slot in family.slots))


WRITABLE: Mapping[str, frozenset[str]] = {
    people: frozenset(members.split())
    for people, members in {
        "names": "familyName givenName honorificPrefix honorificSuffix middleName phoneticFamilyName phoneticFullName"
        " phoneticGivenName phoneticHonorificPrefix phoneticHonorificSuffix phoneticMiddleName unstructuredName",
        "nicknames": "type value",
        "organizations": "costCenter current department domain endDate fullTimeEquivalentMillipercent jobDescription"
        " location name phoneticName startDate symbol title type",
        "emailAddresses": "displayName type value",
        "phoneNumbers": "type value",
        "addresses": "city country countryCode extendedAddress formattedValue poBox postalCode region streetAddress"
        " type",
        "birthdays": "date text",
        "urls": "type value",
        "biographies": "contentType value",
        "relations": "person type",
        "userDefined": "key value",
        "clientData": "key value",
    }.items()
}
"""The members of every list that a sync writes, without those that are output only and without ``metadata``."""

LISTS: Mapping[str, frozenset[str]] = {
    **WRITABLE,
    **{
        people: frozenset(members.split())
        for people, members in {
            "calendarUrls": "type url",
            "events": "date type",
            "externalIds": "type value",
            "genders": "addressMeAs value",
            "imClients": "protocol type username",
            "interests": "value",
            "locales": "value",
            "locations": "buildingId current deskCode floor floorSection type value",
            "memberships": "contactGroupMembership",
            "miscKeywords": "type value",
            "occupations": "value",
            "sipAddresses": "type value",
        }.items()
    },
}
"""The same of every list that can be written at all: what a deleted contact comes back with."""

READ_FIELDS = (
    "addresses,biographies,birthdays,calendarUrls,clientData,emailAddresses,events,externalIds,genders,imClients,"
    "interests,locales,locations,memberships,metadata,miscKeywords,names,nicknames,occupations,organizations,"
    "phoneNumbers,photos,relations,sipAddresses,skills,urls,userDefined"
)
"""Everything that the API lets a mask name and that a before-image needs (``fileAses`` is in no list of masks)."""

LIST_FIELDS = "names,emailAddresses,phoneNumbers,memberships,metadata,clientData"
"""What a feed's row needs: versions, scope, our keys, and the index terms."""
