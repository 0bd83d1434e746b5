"""What users type as the address of their Sugar."""

from __future__ import annotations

import pytest

from shared.errors import BadAddress
from shared.sugar.address import normalise


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://crm.example.com", "https://crm.example.com"),
        ("  crm.example.com ", "https://crm.example.com"),
        ("https://CRM.Example.com:443/", "https://crm.example.com"),
        ("https://crm.example.com:8443/sugar/", "https://crm.example.com:8443/sugar"),
        ("https://crm.example.com/sugar/rest/v11/Contacts", "https://crm.example.com/sugar"),
        ("https://crm.example.com/index.php?module=Home#Contacts/1", "https://crm.example.com"),
        ("https://crm.example.com/#Contacts", "https://crm.example.com"),
        ("https://crm.example.com./a//b", "https://crm.example.com/a/b"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
    ],
)
def test_addresses_take_one_form(typed: str, address: str) -> None:
    assert normalise(typed) == address
    assert normalise(address) == address


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "blank"),
        ("http://crm.example.com", "must begin with https://"),
        ("http://localhost:8080", "must begin with https://"),
        ("ftp://crm.example.com", "must begin with https://"),
        ("javascript://crm.example.com", "must begin with https://"),
        ("https://user:pw@crm.example.com", "user name or a password"),
        ("https://", "names no host"),
        ("https://crm.example.com\\@evil.example", "names no host"),
        ("https://crm.example.com:port", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("https://crm.example.com/a/../b", "'..'"),
        ("crm example com", "blanks"),
        ("https://" + "x" * 600, "too long"),
        ("https://" + "ü" * 70 + ".example", "cannot be read"),
        ("https://" + "x" * 70 + ".example", "cannot be read"),
        ("https://crm..example", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(typed: str, says: str) -> None:
    with pytest.raises(BadAddress) as caught:
        normalise(typed)
    assert says in str(caught.value)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("typed", ["http://localhost:8080", "http://127.0.0.1:9000/x", "http://[::1]:9000"])
def test_a_simulator_on_this_machine_can_be_allowed(typed: str) -> None:
    assert normalise(typed, allow_loopback=True) == typed
    with pytest.raises(BadAddress):
        normalise("http://10.0.0.1", allow_loopback=True)
    with pytest.raises(BadAddress):
        normalise("http://crm.example.com", allow_loopback=True)


def test_hosts_can_be_refused() -> None:
    def refuse(host: str) -> None:
        raise BadAddress(f"not {host}")

    with pytest.raises(BadAddress, match=r"not crm\.example\.com"):
        normalise("CRM.example.com/sugar", check_host=refuse)
