"""Normal forms: what is the same value, and that a normal form is its own normal form."""

from __future__ import annotations

import time
import unicodedata

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contact.fields import Kind
from shared.contact.model import Contact
from shared.contact.normal import (
    blank_name,
    clean,
    email_key,
    is_date,
    is_email,
    name_key,
    normal,
    same_name,
)

REGIONS = ("US", "DE", "IT", "RU", "AR", "MX", "")

# What trips comparisons: white space of all kinds, invisible characters, marks that compose, case that folds oddly.
ODD = (
    " \t\n\r\x0b\x0c\x1c\x85\xa0\u2003\u2028\u3000"
    "\0\x1b\x7f\xad\u200b\u200d\u200e\u202a\u2060\ufeff"
    "e\u0301\u0316\u0338\u0345\u0307=<>\u0344\u212a\u212b\u0130\u0131ßſΣςǅ\u1fb4\u0390\ufb01가\u1100\u1161"
    "\ud800\udc00\udfffA@:/?#.+;x-１٣²😀"
)
PARTS = (
    *("http:", "HTTPS://", "//", "/", "ftp://", "://", "example.org", "EXAMPLE", "xn--mnchen-3ya", "xn--", "mailto:"),
    *("<", ">", "@", "ext", "x12", ";ext=7", "#", "+", "+49", "0", "00", "011", "8", "1", "555", "(415)", "-", "2671"),
    *(" ", "\r\n", "\n", "\t", "FLOWERS", "ask", "12345", "abc"),
)
anything = st.one_of(
    st.text(st.characters(categories=None)),
    st.text(ODD),
    st.lists(st.one_of(st.sampled_from(PARTS), st.text(ODD, max_size=2))).map("".join),
)
digits_and_marks = st.text("0123456789+-() ./x#;ext=", max_size=24)


@given(st.sampled_from(Kind), anything, st.sampled_from(REGIONS))
@example(Kind.URL, "http: //x/", "US")
@example(Kind.URL, "http://http: //x", "US")
@example(Kind.URL, "\u212a://HOST", "US")
@example(Kind.EMAILS, "mailto:<\u0338a@b>", "US")
def test_a_normal_form_is_its_own_normal_form(kind: Kind, value: str, region: str) -> None:
    form = normal(kind, value, region)
    assert normal(kind, form, region) == form
    form.encode("utf-8")


@given(digits_and_marks, st.sampled_from(REGIONS))
@example("+78888888888888", "RU")
@example("4155551234 ask for 7", "US")
def test_a_normal_phone_is_its_own_normal_form(value: str, region: str) -> None:
    form = normal(Kind.PHONE, value, region)
    assert normal(Kind.PHONE, form, region) == form


def by_the_library(value: str, region: str) -> str | None:
    """E.164 as ``phonenumbers`` has it, where it says that the number is possible."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@given(
    st.sampled_from(["", "1", "+1", "+", "+49", "0"]),
    st.text("0123456789", min_size=9, max_size=10),
    st.sampled_from(["{}{}", "({}) {}", " {}-{} ", "{}.{}", "({}){}"]),
    st.sampled_from(REGIONS[:-1]),
)
def test_shortcuts_say_what_the_library_says(prefix: str, digits: str, layout: str, region: str) -> None:
    value = prefix + layout.format(digits[:3], digits[3:])
    form = normal(Kind.PHONE, value, region)
    e164 = by_the_library(value, region)
    if e164 is None:
        assert form == prefix + digits
    elif by_the_library(e164, region) == e164:
        assert form == e164


@given(st.sampled_from(Kind), anything)
def test_blank_exactly_when_nothing_visible_is_held(kind: Kind, value: str) -> None:
    assert (normal(kind, value, "US") == "") == (normal(Kind.LINE, value, "US") == "")


@pytest.mark.parametrize("value", ["", " ", "\t\r\n", "\xa0", "\u200b\ufeff", "\0", "\u2028 \u3000", "\u202a\u202c"])
@pytest.mark.parametrize("kind", Kind)
def test_nothing_is_blank(kind: Kind, value: str) -> None:
    assert normal(kind, value, "US") == ""


@pytest.mark.parametrize("value", ["http://", "HTTPS://", "/", "//", "<>", "mailto:", "-", "@", "0000-00-00", "\ud800"])
@pytest.mark.parametrize("kind", Kind)
def test_remains_are_not_blank(kind: Kind, value: str) -> None:
    assert normal(kind, value, "US") != ""


@given(anything)
def test_decomposed_text_is_the_same_text(value: str) -> None:
    value = clean(value)
    for kind in (Kind.LINE, Kind.TEXT):
        assert normal(kind, unicodedata.normalize("NFD", value), "US") == normal(kind, value, "US")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ada", "Ada"),
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ada\tKing\r\nLovelace", "Ada King Lovelace"),
        ("Ada\xa0Lovelace", "Ada Lovelace"),
        ("Ada\u2003\u3000Lovelace", "Ada Lovelace"),
        ("\ufeffAda\u200b", "Ada"),
        ("\u202aAda\u202c", "Ada"),
        ("A\x00d\x07a", "Ada"),
        ("Jose\u0301", "José"),
        ("Jose\u200b\u0301", "José"),
        ("O'Brien <b>&amp;</b>", "O'Brien <b>&amp;</b>"),
        ("ADA", "ADA"),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ("Zoë 🦄 李", "Zoë 🦄 李"),
    ],
)
def test_line(value: str, expected: str) -> None:
    assert normal(Kind.LINE, value, "US") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("one line", "one line"),
        ("one line  ", "one line"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\u2028b\u2029c\x85d\x0be", "a\nb\nc\nd\ne"),
        ("a  \t\nb\xa0\n", "a\nb"),
        ("\n \n  a\n\n  b\n \n", "  a\n\n  b"),
        ("a\xa0b", "a b"),
        ("cafe\u0301\n\0x", "café\nx"),
        ("a\tb", "a\tb"),
    ],
)
def test_text(value: str, expected: str) -> None:
    assert normal(Kind.TEXT, value, "US") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1815-12-10", "1815-12-10"),
        (" 1815-12-10\n", "1815-12-10"),
        ("--05-12", "--05-12"),
        ("2001", "2001"),
        ("0000-00-00", "0000-00-00"),
        (" some day ", "some day"),
    ],
)
def test_date(value: str, expected: str) -> None:
    assert normal(Kind.DATE, value, "US") == expected


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2020-02-29", True),
        ("0001-01-01", True),
        ("9999-12-31", True),
        ("2021-02-29", False),
        ("2021-02-30", False),
        ("0000-00-00", False),
        ("0000-01-01", False),
        ("2021-13-01", False),
        ("--05-12", False),
        ("2001", False),
        ("20210512", False),
        ("2021-W05-1", False),
        ("2021-05-12T00:00", False),
        (" 2021-05-12", False),
        ("2021-05-12\n", False),
        ("２０２１-05-12", False),
        ("", False),
    ],
)
def test_is_date(value: str, day: bool) -> None:
    assert is_date(value) is day


@pytest.mark.parametrize(
    "value",
    [
        "example.org",
        "http://example.org",
        "https://example.org/",
        "HTTPS://Example.ORG",
        " http://example.org ",
        "//example.org",
    ],
)
def test_the_same_page(value: str) -> None:
    assert normal(Kind.URL, value, "US") == "example.org"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://Example.org/Path?Q=A", "example.org/Path?Q=A"),
        ("example.org/a/", "example.org/a/"),
        ("example.org//", "example.org//"),
        ("example.org/?q", "example.org/?q"),
        ("Example.org:8080/X", "example.org:8080/X"),
        ("http://User@Example.org", "User@example.org"),
        ("FTP://Example.org/A", "ftp://example.org/A"),
        ("http://http://Example.org", "example.org"),
        ("https://xn--mnchen-3ya.de/", "münchen.de"),
        ("http://", "http://"),
        ("Not a page", "not a page"),
    ],
)
def test_url(value: str, expected: str) -> None:
    assert normal(Kind.URL, value, "US") == expected


@pytest.mark.parametrize(
    ("value", "region", "expected"),
    [
        ("(415) 555-2671", "US", "+14155552671"),
        ("1-415-555-2671", "US", "+14155552671"),
        ("+1 415.555.2671", "DE", "+14155552671"),
        ("\u202a+1 (415)\xa0555‑2671\u202c", "US", "+14155552671"),
        ("030 901820", "DE", "+4930901820"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("+49 (0)30 901820", "US", "+4930901820"),
        ("06 6982", "IT", "+39066982"),
        ("415-555-2671 x12", "US", "+14155552671;ext=12"),
        ("415-555-2671 ext. 12", "US", "+14155552671;ext=12"),
        ("+14155552671;ext=12", "US", "+14155552671;ext=12"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("４１５５５５２６７１", "US", "+14155552671"),
        ("٤١٥٥٥٥٢٦٧١", "US", "+14155552671"),
        ("555-2671", "US", "5552671"),
        ("911", "US", "911"),
        ("12345 x12", "US", "12345;ext=12"),
        ("12345 Ext: 012", "US", "12345;ext=012"),
        ("Fax 12345", "US", "12345"),
        ("x12", "US", ";ext=12"),
        ("(+) 12 34", "US", "+1234"),
        ("123456789012345678901234567890", "US", "123456789012345678901234567890"),
        ("415 555 2671", "", "4155552671"),
        ("n/a", "US", "n/a"),
        ("  Ask  MARY ", "US", "ask mary"),
        ("²", "US", "²"),
    ],
)
def test_phone(value: str, region: str, expected: str) -> None:
    assert normal(Kind.PHONE, value, region) == expected


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.King@Example.ORG", "ada.king@example.org"),
        (" ada@example.org\n", "ada@example.org"),
        ("<ada@example.org>", "ada@example.org"),
        ("mailto:ada@example.org", "ada@example.org"),
        ("MAILTO:<Ada@example.org>", "ada@example.org"),
        ("\u200bada@example.org", "ada@example.org"),
        ("ada@xn--mnchen-3ya.de", "ada@münchen.de"),
        ("ada@MÜNCHEN.de", "ada@münchen.de"),
        ("ada@xn--strae-oqa.de", "ada@straße.de"),
        ("ada@xn--a.de", "ada@xn--a.de"),
        ("ada@xn--99999999.de", "ada@xn--99999999.de"),
        ("ada@xn--" + "a." * 200, "ada@xn--" + "a." * 200),
        ("ada@xn--" + "a" * 80, "ada@xn--" + "a" * 80),
        ("Rene\u0301@example.org", "rené@example.org"),
        ("o'hara+news@example.org", "o'hara+news@example.org"),
        ("No Address", "no address"),
        ("<>", "<>"),
        ("", ""),
        (" \ufeff ", ""),
    ],
)
def test_email_key(address: str, key: str) -> None:
    assert email_key(address) == key
    assert normal(Kind.EMAILS, address, "US") == key


@pytest.mark.parametrize(("unlike", "other"), [("müßig@example.org", "müssig@example.org"), ("a.b@x.org", "ab@x.org")])
def test_unlike_addresses_stay_apart(unlike: str, other: str) -> None:
    assert email_key(unlike) != email_key(other)


@pytest.mark.parametrize(
    ("address", "shape"),
    [
        ("ada@example.org", True),
        ("ada@localhost", True),
        ("o'hara+news@example.org", True),
        ("josé@münchen.de", True),
        ("a" * 249 + "@x.org", True),
        ("a" * 250 + "@x.org", False),
        ("", False),
        ("ada", False),
        ("@example.org", False),
        ("ada@", False),
        ("ada@@example.org", False),
        ("ada@example.org, bob@example.org", False),
        ("ada king@example.org", False),
        ("ada@example org", False),
        (" ada@example.org", False),
        ("ada@example.org\n", False),
        ("ada\u200b@example.org", False),
        ("ada\xa0@example.org", False),
        ("<ada@example.org>", False),
        ("ada\ud800@example.org", False),
    ],
)
def test_is_email(address: str, shape: bool) -> None:
    assert is_email(address) is shape


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        ("a\0b\0", "ab"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("\ud83d\ude00", "😀"),
        (" Rene\u0301\u200b\r\n", " Rene\u0301\u200b\r\n"),
    ],
)
def test_clean(value: str, expected: str) -> None:
    assert clean(value) == expected


@given(anything)
def test_clean_is_storable_and_settled(value: str) -> None:
    stored = clean(value)
    assert "\0" not in stored.encode("utf-8").decode("utf-8")
    assert clean(stored) == stored


def person(first: str, last: str) -> Contact:
    return Contact({"first_name": first, "last_name": last})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Ada", "Lovelace"), ("ada", "LOVELACE"), True),
        (("José", "Núñez"), ("Jose", "Nunez"), True),
        (("Rene\u0301", "O'Brien"), ("René", "O’Brien"), True),
        (("Anne-Marie", "St. John"), ("Anne Marie", "St John"), True),
        (("Łukasz", "Straße"), ("Lukasz", "Strasse"), True),
        (("", "Cher"), ("Cher", ""), True),
        ((" ", "Cher"), ("Cher", "-"), True),
        (("", "李小龍"), ("李小龍", ""), True),
        (("", "🦄"), ("🦄", ""), True),
        (("Ada", "Lovelace"), ("Lovelace", "Ada"), False),
        (("Ada", "Lovelace"), ("Ada", ""), False),
        (("Ad", "alovelace"), ("Ada", "Lovelace"), False),
        (("", "がな"), ("", "かな"), False),
        (("", "की"), ("", "कि"), False),
        (("", ""), ("", ""), False),
        (("", "-"), ("", "."), False),
    ],
)
def test_same_name(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    assert same_name(person(*one), person(*other)) is same
    assert same_name(person(*other), person(*one)) is same


def test_fields_that_are_not_readable_are_blank_names() -> None:
    assert blank_name(Contact())
    assert not same_name(Contact(), Contact())


@given(anything, anything)
def test_a_name_is_blank_or_the_same_as_itself(first: str, last: str) -> None:
    contact = person(first, last)
    assert same_name(contact, contact) is not blank_name(contact)
    lone = name_key(first, "")
    assert lone == name_key("", first)


@pytest.mark.parametrize("pile", ["\u0301\u0316" * 50_000, "\u0316" * 50_000 + "\u0301" * 50_000])
@pytest.mark.parametrize("kind", Kind)
def test_a_pile_of_marks_does_not_stall(kind: Kind, pile: str) -> None:
    value = "é" + "e" + pile
    began = time.thread_time()
    form = normal(kind, value, "US")
    assert normal(kind, form, "US") == form
    assert name_key(value, "")
    assert time.thread_time() - began < 5, "must not take quadratic time"


@pytest.mark.parametrize("unit", ["<", " ", "//", "x1", "#1.", "a@", "\r", "xn--a.", "mailto:"])
@pytest.mark.parametrize("kind", Kind)
def test_a_huge_value_does_not_stall(kind: Kind, unit: str) -> None:
    began = time.thread_time()
    normal(kind, unit * (200_000 // len(unit)) + "é", "US")
    assert time.thread_time() - began < 5, "must not take quadratic time"
