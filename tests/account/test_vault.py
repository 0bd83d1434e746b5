"""Sealing and opening; what does not open; rotation."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.account.keyring import KEY_BYTES, KeyRing
from shared.account.secret_manager import SecretManager
from shared.account.secrets import Secrets, VersionDisabled
from shared.account.vault import SealBroken, Vault
from shared.errors import FatalError, Unavailable
from tests.account.conftest import RING
from tests.cloud.memory import MemorySecrets, memory_vault
from tests.cloud.secret_manager import SecretManagerServer
from tests.cloud.server import Code
from tests.simulators.wire import SimClock

PLAIN = b"the-refresh-token"


@pytest.fixture
def vault() -> Vault:
    return memory_vault(SimClock())


def refused(vault: Vault, uid: str, purpose: str, text: str) -> str:
    """The message; it holds nothing of what was sealed, nor of the text."""
    with pytest.raises(SealBroken, match=re.escape(f"sealed as {purpose} cannot be opened")) as raised:
        vault.open(uid, purpose, text)
    error = raised.value
    assert isinstance(error, FatalError)
    shown = f"{error!r} {error.message} {error.detail} {error.__cause__!r}"
    assert PLAIN.decode() not in shown
    parts = text.split(".")
    assert len(parts) < 3 or len(parts[2]) < 8 or parts[2] not in shown
    return error.message


@given(st.text(), st.text(), st.binary(max_size=5000))
def test_what_was_sealed_opens(uid: str, purpose: str, plaintext: bytes) -> None:
    vault = memory_vault(SimClock())
    text = vault.seal(uid, purpose, plaintext)
    assert re.fullmatch(r"v1\.1\.[A-Za-z0-9_-]+", text)
    assert vault.open(uid, purpose, text) == plaintext


def test_the_text_shows_nothing(vault: Vault) -> None:
    texts = {vault.seal("u", "token", PLAIN) for _ in range(100)}
    assert len(texts) == 100  # a nonce of its own each
    for text in texts:
        data = text.split(".")[2]
        assert PLAIN not in urlsafe_b64decode(data + "=" * (-len(data) % 4))


@pytest.mark.parametrize(
    ("uid", "purpose"),
    [
        ("v", "token"),
        ("u", "other"),
        ("", "utoken"),
        ("ut", "oken"),
        ("u\x00token", ""),
        ('u","token', ""),
        ("U", "token"),
    ],
)
def test_it_opens_for_one_user_and_purpose_only(vault: Vault, uid: str, purpose: str) -> None:
    text = vault.seal("u", "token", PLAIN)
    refused(vault, uid, purpose, text)
    assert vault.open("u", "token", text) == PLAIN


def test_every_changed_character_is_noticed(vault: Vault) -> None:
    text = vault.seal("u", "token", b"x")
    for at, change in product(range(len(text)), "A_-.1v="):
        other = text[:at] + change + text[at + 1 :]
        if _bytes(other) != _bytes(text):
            refused(vault, "u", "token", other)


def test_every_truncation_is_noticed(vault: Vault) -> None:
    text = vault.seal("u", "token", PLAIN)
    for length in range(len(text)):
        refused(vault, "u", "token", text[:length])
        refused(vault, "u", "token", text[-length:] if length else "")
    for more in ("A", "AAAA", ".", "=", " ", "\n"):
        assert _bytes(text + more) != _bytes(text)
        refused(vault, "u", "token", text + more)


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    refused(memory_vault(SimClock()), "u", "token", text)
    refused(memory_vault(SimClock()), "u", "token", f"v1.1.{text}")


def _bytes(text: str) -> object:
    """What a text stands for: the last character of base64 has bits that mean nothing."""
    marker, _, rest = text.partition(".")
    version, _, data = rest.partition(".")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", data) or len(data) % 4 == 1:
        return text
    return marker, version, urlsafe_b64decode(data + "=" * (-len(data) % 4))


def test_another_key_does_not_open_it(vault: Vault) -> None:
    refused(memory_vault(SimClock()), "u", "token", vault.seal("u", "token", PLAIN))


def test_the_keys_version_is_authenticated() -> None:
    secrets = MemorySecrets()
    secrets.versions[RING] = [b"k" * KEY_BYTES] * 2
    vault = Vault(KeyRing(secrets, RING, SimClock()))
    text = vault.seal("u", "token", PLAIN)
    assert text.startswith("v1.2.")
    refused(vault, "u", "token", text.replace("v1.2.", "v1.1."))


def test_it_is_plain_aes_gcm() -> None:
    """Whoever has the key can open it with any library; the format may not change unnoticed."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    secrets = MemorySecrets()
    secrets.versions[RING] = [b"k" * KEY_BYTES]
    vault = Vault(KeyRing(secrets, RING, SimClock()), random=lambda n: b"n" * n)
    nonce = b"n" * 12
    bound = json.dumps(["v1", "1", "u", "token"]).encode()
    sealed = nonce + AESGCM(b"k" * KEY_BYTES).encrypt(nonce, PLAIN, bound)
    assert vault.seal("u", "token", PLAIN) == f"v1.1.{urlsafe_b64encode(sealed).decode().rstrip('=')}"


# -- rotation ----------------------------------------------------------------------------------------


def test_rotation(secrets: Secrets) -> None:
    clock = SimClock()
    ring = KeyRing(secrets, RING, clock)
    vault = Vault(ring)
    old = vault.seal("u", "token", PLAIN)
    assert not vault.stale(old)
    ring.rotate()
    assert vault.stale(old)
    assert vault.open("u", "token", old) == PLAIN
    new = vault.seal("u", "token", PLAIN)
    assert new.startswith("v1.2.")
    assert not vault.stale(new)
    later = Vault(KeyRing(secrets, RING, clock))  # another process
    assert [later.open("u", "token", text) for text in (old, new)] == [PLAIN, PLAIN]
    assert [later.stale(text) for text in (old, new)] == [True, False]


def test_what_another_process_sealed_under_a_newer_key_is_not_stale(secrets: Secrets) -> None:
    clock = SimClock()
    here = Vault(KeyRing(secrets, RING, clock))
    here.seal("u", "token", PLAIN)
    ring = KeyRing(secrets, RING, clock)
    ring.rotate()
    text = Vault(ring).seal("u", "token", PLAIN)
    assert text.startswith("v1.2.")
    assert here.open("u", "token", text) == PLAIN
    assert not here.stale(text)  # though here the newest key is still the first one


def test_versions_are_compared_as_numbers() -> None:
    secrets = MemorySecrets()
    secrets.versions[RING] = [bytes([n]) * KEY_BYTES for n in range(9)]
    clock = SimClock()
    ring = KeyRing(secrets, RING, clock)
    nine = Vault(ring).seal("u", "token", PLAIN)
    ring.rotate()
    ten = Vault(ring).seal("u", "token", PLAIN)
    assert (nine[:5], ten[:6]) == ("v1.9.", "v1.10.")
    assert [Vault(ring).stale(text) for text in (nine, ten)] == [True, False]


def test_a_key_that_is_gone(server: SecretManagerServer, manager: SecretManager) -> None:
    ring = KeyRing(manager, RING, SimClock())
    text = Vault(ring).seal("u", "token", PLAIN)
    ring.rotate()
    server.destroy(RING, 1)
    assert "version 1 of the keys is gone" in refused(Vault(KeyRing(manager, RING, SimClock())), "u", "token", text)


def test_a_key_that_may_come_back_is_no_broken_seal(server: SecretManagerServer, hasty: SecretManager) -> None:
    ring = KeyRing(hasty, RING, SimClock())
    text = Vault(ring).seal("u", "token", PLAIN)
    ring.rotate()
    server.disable(RING, 1)
    with pytest.raises(VersionDisabled):
        Vault(KeyRing(hasty, RING, SimClock())).open("u", "token", text)
    server.fault(Code.UNAVAILABLE, times=None)
    with pytest.raises(Unavailable):
        Vault(KeyRing(hasty, RING, SimClock())).open("u", "token", text)
