"""Normal forms: two values are the same exactly when their normal forms are equal.

Raw values are what gets stored and written; normal forms are only ever compared. All of it is pure, and
``normal`` applied to a normal form gives that form again.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import Literal
from unicodedata import is_normalized

import phonenumbers

from shared.contact.fields import Kind
from shared.contact.model import Contact

# Bound once: looking a member up on its enum costs more than comparing a short value.
_LINE, _TEXT, _PHONE, _DATE, _URL, _EMAILS = Kind.LINE, Kind.TEXT, Kind.PHONE, Kind.DATE, Kind.URL, Kind.EMAILS

_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls, but for those that are white space
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, direction marks, BOM
    "]+"
)
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_LONG = 1000
_MOST_MARKS = 64

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_PLAIN_URL = re.compile(r"(?:https?://)?([a-z0-9.-]+)(/[!-~]*)?")
_WEB = re.compile(r"(?:(?:https?:)?//\s*)+", re.IGNORECASE | re.ASCII)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE | re.ASCII)
_AUTHORITY_END = re.compile(r"[/?#]")

_PLAIN_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
_EMAIL_PREFIX = re.compile(r"(?:mailto:|[< ])+")
_ACE = "xn--"
_LONGEST_LABEL = 63
_LONGEST_HOST = 255
_LONGEST_EMAIL = 255

_EXTENSION = re.compile(r"(?:(?<![^\W\d_])(?:ext(?:ension|n)?\.?|x)|;ext=|#)\s*[:.]?\s*([0-9]{1,20})\W*$")
_FORMATTED_PHONE = re.compile(r"[ (]*\+?[0-9 ().-]*[0-9][ ().-]*")
_FORMATTING = str.maketrans("", "", " ().-")
_CACHEABLE_PHONE = 64
_NORTH_AMERICAN = re.compile(r"(?:\+?1)?([2-9][0-9]{9})")
_NORTH_AMERICA = frozenset({"US", "CA"})

# Letters that carry an accent in print but have no decomposition in Unicode.
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def normal(kind: Kind, value: str, region: str) -> str:
    """The form by which two values of that kind are compared; blank exactly when the value holds nothing.

    ======  ==========================================================================================
    LINE    NFC; control, zero-width and direction characters removed; any white space is one blank,
            none at the ends; case kept.
    TEXT    the same, but lines are kept: every kind of line end is LF, NBSP is a blank, white space at
            a line's end and blank lines at both ends do not count.
    DATE    as LINE: valid days and partial ones (``--05-12``, ``2001``) are their own normal form.
    URL     as LINE; scheme and host in lower case (host in Unicode); ``http``, ``https`` and no scheme
            are the same; the slash of an empty path does not count.
    PHONE   E.164 with ``;ext=`` where ``region`` makes it a possible number; else its digits with a
            leading ``+`` and ``;ext=``; without any digit the LINE form with case folded.
    EMAILS  one address: see :func:`email_key`.
    ======  ==========================================================================================

    Args:
        kind: how values of the field compare.
        value: any text, also invalid Unicode.
        region: two letters, the region in which phone numbers without a country code are read.
    """
    if not value:
        return ""
    if kind is _LINE or kind is _DATE:
        return _line(value)
    if kind is _PHONE:
        return _phone(value, region)
    if kind is _TEXT:
        return _text(value)
    if kind is _URL:
        return _url(value)
    return email_key(value)


def clean(value: str) -> str:
    """The value made storable and nothing else: lone surrogates become U+FFFD, NULs go."""
    if not value.isascii() and _SURROGATE.search(value):
        value = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value.replace("\0", "")


def is_date(value: str) -> bool:
    """Whether it is a full day of the calendar as ``YYYY-MM-DD``, years 1 to 9999."""
    if not _DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def email_key(address: str) -> str:
    """The form by which two addresses are the same mailbox.

    Lower case (the local part too: no provider that matters tells them apart), NFC, without ``mailto:``, blanks and
    angle brackets around; an international domain in Unicode, however it was spelled. Blank exactly when the
    address holds nothing.
    """
    if _PLAIN_EMAIL.fullmatch(address):
        key = address.lower()
        if _ACE not in key:
            return key
    line = _lower(_line(address))
    bare = _EMAIL_PREFIX.sub("", line, count=1) if _EMAIL_PREFIX.match(line) else line
    bare = bare.rstrip("> ")
    if not bare:
        return line
    local, at, domain = bare.rpartition("@")
    return f"{local}{at}{_host(domain)}" if at else bare


def is_email(address: str) -> bool:
    """Whether, as it stands, it has the shape of one email address that a CRM can store.

    Tolerant on purpose, the API has the last word: one ``@`` with something on both sides, no white space, invisible
    characters or list punctuation, at most 255 characters.
    """
    local, at, domain = address.partition("@")
    return (
        bool(local and at and domain)
        and len(address) <= _LONGEST_EMAIL
        and "@" not in domain
        and address.isprintable()
        and not any(character in " <>,;" for character in address)
    )


def name_key(first: str, last: str) -> str:
    """The form by which two people have the same name; blank when there is no letter, digit or symbol in it.

    Case, accents, punctuation and white space do not count. A lone first name is the same as that lone last name:
    one side cannot hold a contact without a last name.
    """
    first, last = _fold(first), _fold(last)
    return f"{first}\n{last}" if first and last else first or last


def same_name(a: Contact, b: Contact) -> bool:
    """Whether both have a name, and the same first and last name as :func:`name_key` compares them."""
    key = name_key(a.get("first_name"), a.get("last_name"))
    return key != "" and key == name_key(b.get("first_name"), b.get("last_name"))


def blank_name(c: Contact) -> bool:
    """Whether it has neither a first nor a last name (a placeholder like ``-`` is none)."""
    return not name_key(c.get("first_name"), c.get("last_name"))


# -- texts -------------------------------------------------------------------------------------------


def _compose(form: Literal["NFC", "NFKD"], value: str) -> str:
    """That Unicode form, unless marks are piled up as no language does.

    Ordering a pile of marks takes quadratic time: one hostile note could hold a worker for hours.
    """
    if is_normalized(form, value):
        return value
    if len(value) > _LONG:
        marks = 0
        for character in value:
            marks = marks + 1 if unicodedata.combining(character) else 0
            if marks > _MOST_MARKS:
                return value
    return unicodedata.normalize(form, value)


def _visible(value: str) -> str:
    """Valid Unicode without characters that nobody sees; before composing, since they keep letter and accent apart."""
    if _SURROGATE.search(value):
        value = clean(value)
    return _INVISIBLE.sub("", value)


def _line(value: str) -> str:
    # Printable means: no control, no invisible character and no white space but the blank.
    if value.isprintable() and (value.isascii() or is_normalized("NFC", value)):
        if not ("  " in value or value.startswith(" ") or value.endswith(" ")):
            return value
    else:
        value = _compose("NFC", _visible(value))
    return " ".join(value.split())


def _text(value: str) -> str:
    bare = value.replace("\n", "")
    if " \n" not in value and bare.isprintable() and (value.isascii() or is_normalized("NFC", value)):
        return value.lstrip("\n").rstrip()
    value = _BREAK.sub("\n", _visible(value)).replace("\xa0", " ")
    value = _compose("NFC", value)
    return "\n".join(line.rstrip() for line in value.split("\n")).strip("\n")


def _lower(value: str) -> str:
    return _compose("NFC", value.lower())


def _fold(value: str) -> str:
    if value.isascii():
        return "".join(filter(str.isalnum, value.lower()))
    decomposed = _compose("NFKD", _compose("NFKD", _line(value)).casefold()).translate(_UNDECOMPOSED)
    return "".join(filter(_counts_in_names, decomposed))


def _counts_in_names(character: str) -> bool:
    category = unicodedata.category(character)
    if category[0] == "L":
        return not "\u02b9" <= character <= "\u02c1"  # letters in Unicode's eyes, apostrophes in everybody else's
    if category[0] == "M":
        # Accents and optional vowel points go. Dependent vowels of Indic scripts (class 0), their virama and nukta
        # (9, 7) and the voicing marks of kana (8) are part of the letter.
        return unicodedata.combining(character) < 10 and not "\ufe00" <= character <= "\ufe0f"
    return category[0] == "N" or category == "So"


# -- addresses of the web and of mail ----------------------------------------------------------------


def _url(value: str) -> str:
    if (plain := _PLAIN_URL.fullmatch(value)) and _ACE not in value:
        host, path = plain.groups("")
        return host if path == "/" else host + path
    line = _line(value)
    rest = line
    if web := _WEB.match(line):
        rest = line[web.end() :]
        if not rest:
            return _lower(line)
    scheme, mark, tail = rest.partition("://")
    if mark and _SCHEME.fullmatch(scheme):
        prefix = scheme.lower() + mark
    else:
        prefix, tail = "", rest
    end = _AUTHORITY_END.search(tail)
    cut = end.start() if end else len(tail)
    authority, path = tail[:cut], tail[cut:]
    if path == "/" and authority:
        authority, path = authority.rstrip(), ""
    user, at, host = authority.rpartition("@")
    return f"{prefix}{user}{at}{_host(host)}{path}"


def _host(host: str) -> str:
    host = _lower(host)
    return ".".join(map(_label, host.split("."))) if _ACE in host and len(host) <= _LONGEST_HOST else host


def _label(label: str) -> str:
    """A label in Unicode, or as it is where its punycode is none or hides something that is no label."""
    if not label.startswith(_ACE) or len(label) > _LONGEST_LABEL or not label.isascii():
        return label
    encoded = label.removeprefix(_ACE)
    try:
        decoded = encoded.encode("ascii").decode("punycode")
    except ValueError:
        return label
    if (
        decoded.isascii()
        or _lower(decoded) != decoded
        or decoded.encode("punycode").decode("ascii") != encoded
        or not decoded[0].isalnum()
        or not all(c.isalnum() or c == "-" or unicodedata.category(c)[0] == "M" for c in decoded)
    ):
        return label
    return decoded


# -- phones ------------------------------------------------------------------------------------------


def _phone(value: str, region: str) -> str:
    form = _phone_once(value, region)
    # What is left after taking trunk prefixes and words away may read as another number. A few rounds settle it.
    for _ in range(8):
        again = _phone_once(form, region)
        if again == form:
            break
        form = again
    return form


def _phone_once(value: str, region: str) -> str:
    if len(value) > _CACHEABLE_PHONE:
        return _parsed(value, region)
    # However it is punctuated, the same digits are parsed once.
    if _FORMATTED_PHONE.fullmatch(value):
        value = value.translate(_FORMATTING)
    return _parsed_cached(value, region)


def _parsed(value: str, region: str) -> str:
    # What the library would say of nearly all North American numbers, without the 40 µs that it takes.
    found = _NORTH_AMERICAN.fullmatch(value)
    if found and (region in _NORTH_AMERICA or value.startswith("+")):
        return f"+1{found[1]}"
    line = _line(value)
    if not line.isascii():
        line = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in line).replace("＋", "+")
    try:
        number = phonenumbers.parse(line, region)
    except phonenumbers.NumberParseException:
        return _digits(line)
    # Without its area code a number is possible only for a neighbour: no E.164 form tells where it rings.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return _digits(line)
    e164: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{e164};ext={number.extension}" if number.extension else e164


_parsed_cached = lru_cache(maxsize=16_384)(_parsed)


def _digits(line: str) -> str:
    folded = _settled_casefold(line)
    extension = ""
    if found := _EXTENSION.search(folded):
        extension = f";ext={found[1]}"
        folded = folded[: found.start()]
    before, *after = re.split(r"(?=[0-9])", folded, maxsplit=1)
    if not after:
        return extension or folded
    digits = re.sub(r"[^0-9]+", "", after[0])
    return f"{'+' if '+' in before else ''}{digits}{extension}"


def _settled_casefold(line: str) -> str:
    """Case folded until it stays: composing can bring a character back that folds once more."""
    for _ in range(4):
        folded = _line(line.casefold())
        if folded == line:
            break
        line = folded
    return line
