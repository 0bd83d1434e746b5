"""What users type as the address of their Sugar."""

from __future__ import annotations

import pytest

from shared.errors import BadAddress
from shared.sugar.address import normalise
from shared.sugar.reach import LOOPBACK, Policy


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://crm.example.com", "https://crm.example.com"),
        ("  crm.example.com \n", "https://crm.example.com"),
        ("https://CRM.Example.com:443/", "https://crm.example.com"),
        ("HTTPS://crm.example.com:0443", "https://crm.example.com"),
        ("https://crm.example.com:", "https://crm.example.com"),
        ("crm.example.com:8443", "https://crm.example.com:8443"),
        ("https://crm.example.com:8443/sugar/", "https://crm.example.com:8443/sugar"),
        ("https://crm.example.com/sugar/rest/v11/Contacts", "https://crm.example.com/sugar"),
        # What the browser shows of a Sugar that is open.
        ("https://crm.example.com/index.php?module=Home#Contacts/1", "https://crm.example.com"),
        ("https://crm.example.com/sugar/#Contacts", "https://crm.example.com/sugar"),
        ("https://crm.example.com#@evil.example", "https://crm.example.com"),
        ("https://crm.example.com/a//b", "https://crm.example.com/a/b"),
        ("https://crm.example.com/Sugar_14.0~x-1", "https://crm.example.com/Sugar_14.0~x-1"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://пример.example", "https://xn--e1afmkfd.example"),
        ("https://[2606:4700:0:0::1111]:8443/x", "https://[2606:4700::1111]:8443/x"),
        ("https://93.184.215.14", "https://93.184.215.14"),
    ],
)
def test_addresses_take_one_form(typed: str, address: str) -> None:
    assert normalise(typed) == address
    assert normalise(address) == address


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "blank"),
        (" \n", "blank"),
        ("https://" + "x" * 600, "too long"),
        ("crm example com", "blanks"),
        ("https://crm.example.com\tx", "blanks"),
        ("https://crm.example.com\r\nHost: x", "blanks"),
        ("https://crm.example.com\x00", "invisible"),
        ("https://crm.exa\u200bmple.com", "invisible"),
        ("https://crm.exa\u00admple.com", "invisible"),
        ("http://crm.example.com", "must begin with https://"),
        ("http://localhost:8080", "must begin with https://"),
        ("ftp://crm.example.com", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("gopher://crm.example.com", "must begin with https://"),
        ("javascript://crm.example.com", "must begin with https://"),
        ("http+unix://crm.example.com", "must begin with https://"),
        ("https:crm.example.com", "cannot be read"),
        ("https://", "names no host"),
        ("https:///crm.example.com", "names no host"),
        ("//crm.example.com", "names no host"),
        ("https://user:pw@crm.example.com", "user name or a password"),
        ("https://crm.example.com@evil.example", "user name or a password"),
        ("https://@crm.example.com", "user name or a password"),
        ("https://crm.example.com\\@evil.example", "backslash"),
        ("https:\\\\crm.example.com", "backslash"),
        ("https://crm.example.com:port", "cannot be read"),
        ("https://crm.example.com:99999", "cannot be read"),
        ("https://crm.example.com:-1", "cannot be read"),
        ("https://crm.example.com:443:443", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("https://[v1.x]", "cannot be read"),
        ("https://[crm.example.com]", "cannot be read"),
        ("https://::1/", "cannot be read"),
        ("https://crm.example.com%2eevil.example", "'%'"),
        ("https://%31%32%37.0.0.1", "'%'"),
        ("https://[fe80::1%25eth0]", "'%'"),
        ("https://crm.example.com.", "dot at its end"),
        ("https://crm..example", "cannot be read"),
        ("https://.crm.example", "cannot be read"),
        ("https://" + "ü" * 70 + ".example", "cannot be read"),
        ("https://" + "x" * 70 + ".example", "cannot be read"),
        ("https://crm_1.example.com", "letters, digits and hyphens"),
        ("https://-crm.example.com", "letters, digits and hyphens"),
        ("https://crm.example.com;evil", "letters, digits and hyphens"),
        ("https://*.example.com", "letters, digits and hyphens"),
        ("https://crm,example.com", "letters, digits and hyphens"),
        ("https://" + ".".join(["x" * 60] * 5) + ".example", "letters, digits and hyphens"),
        ("https://crm.example.com/a/../b", "folder"),
        ("https://crm.example.com/./b", "folder"),
        ("https://crm.example.com/%2e%2e/b", "folder"),
        ("https://crm.example.com/a;b", "folder"),
        ("https://crm.example.com/größe", "folder"),
    ],
)
def test_what_is_wrong_is_said(typed: str, says: str) -> None:
    with pytest.raises(BadAddress) as caught:
        normalise(typed)
    assert says in caught.value.message
    assert caught.value.message.startswith("address: ")
    assert caught.value.message.endswith("looks like https://sugar.example.com")
    assert "pw" not in caught.value.message


@pytest.mark.parametrize(
    "typed",
    [
        "https://\uff11\uff12\uff17.0.0.1",  # digits at full width
        "https://127\uff0e0\uff0e0\uff0e1",  # dots at full width
        "https://127\u30020\u30020\u30021",  # ideographic full stops
        "https://169\u2024254\u2024169\u2024254",  # one dot leaders
        "https://\u2460\u2461\u2466.0.0.1",  # digits in circles
        "https://\uff43rm.example.com",  # a letter at full width
        "https://\u212aiosk.example.com",  # the sign for kelvin
        "https://\ufb01rm.example.com",  # a ligature
        "https://stra\u00dfe.example.com",  # two readings in the two versions of IDNA
        "https://B\u00dcCHER.example\u3002com",
        "https://crm.ex\u0430mple.com",  # a Cyrillic letter among Latin ones
        "https://crm.exampl\u03bf.com",  # a Greek one
        "https://bu\u0308cher.example",  # an accent of its own
    ],
)
def test_characters_that_stand_for_others_are_refused(typed: str) -> None:
    with pytest.raises(BadAddress, match=r"stand for others|cannot be read"):
        normalise(typed)


def test_a_simulator_on_this_machine_can_be_allowed() -> None:
    for typed in ("http://localhost:8080", "http://127.0.0.1:9000/x", "http://[::1]:9000", "https://127.0.0.1:9000"):
        assert normalise(typed, LOOPBACK) == typed
        with pytest.raises(BadAddress):
            normalise(typed)
    for typed in ("http://10.0.0.1", "http://crm.example.com", "http://0.0.0.0", "http://127.1", "ftp://127.0.0.1"):
        with pytest.raises(BadAddress):
            normalise(typed, LOOPBACK)


def test_hosts_and_ports_can_be_chosen() -> None:
    policy = Policy(hosts=("crm.example.com", "*.sugar.example"), ports=(443, 9443))
    for typed in ("CRM.example.com/sugar", "https://a.b.sugar.example:9443"):
        assert normalise(typed, policy)
    for typed, says in (
        ("evil.example.com", r"one of those allowed here \(crm.example.com, \*.sugar.example\)"),
        ("crm.example.com.evil.example", "one of those"),
        ("sugar.example", "one of those"),
        ("evilsugar.example", "one of those"),
        ("93.184.215.14", "one of those"),
        ("crm.example.com:8443", "port of the Sugar address must be 443 or 9443"),
    ):
        with pytest.raises(BadAddress, match=says):
            normalise(typed, policy)
