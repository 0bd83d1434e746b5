"""Texts that only this product can read, each bound to whose it is and what it is.

AES-256-GCM under the newest key of a ring. A sealed text reads ``v1.KEY.DATA``: the version of the key, then nonce and
ciphertext in base64url. User and purpose are not inside but authenticated with it, so a text that is moved to another
user's document, or to another field, does not open.

After a rotation the old texts still open; :meth:`Vault.stale` tells them, and whoever uses one seals it anew.
"""

from __future__ import annotations

import json
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

from shared.account.keyring import KeyRing
from shared.errors import FatalError

_FORMAT = "v1"
_TEXT = re.compile(_FORMAT + r"\.([1-9][0-9]{0,9})\.([A-Za-z0-9_-]+)")
_NONCE = 12
_TAG = 16


class SealBroken(FatalError):
    """A sealed text that will never open: made for another user or purpose, damaged, or its key is gone."""


class Vault:
    """Seals and opens; threads may share it."""

    def __init__(self, ring: KeyRing, *, random: Callable[[int], bytes] = os.urandom) -> None:
        """
        Args:
            ring: the keys.
            random: gives so many random bytes; the same twice under one key would give the texts away.
        """
        self._ring = ring
        self._random = random

    def seal(self, uid: str, purpose: str, plaintext: bytes) -> str:
        """The text, to be opened for the same user and purpose only. Raises as :meth:`KeyRing.current` does."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        version, key = self._ring.current()
        nonce = self._random(_NONCE)
        sealed = nonce + AESGCM(key).encrypt(nonce, plaintext, _bound(version, uid, purpose))
        return f"{_FORMAT}.{version}.{urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def open(self, uid: str, purpose: str, text: str) -> bytes:
        """What was sealed.

        Raises:
            SealBroken: it cannot be opened, now or ever; the message holds nothing of it.
            RetriableError: its key cannot be asked for at the moment.
            FatalError: somebody has to see to the keys.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        version, sealed = _parts(purpose, text)
        key = self._ring.get(version)
        if key is None:
            raise SealBroken(f"what is sealed as {purpose} cannot be opened: version {version} of the keys is gone")
        try:
            return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(version, uid, purpose))
        except InvalidTag:
            raise SealBroken(f"what is sealed as {purpose} cannot be opened: changed, or not made for this") from None

    def stale(self, text: str) -> bool:
        """Whether a text that opened is sealed under an older key than the newest: time to seal it anew."""
        version, _ = _parts("this", text)
        return int(version) < int(self._ring.current().version)


def _parts(purpose: str, text: str) -> tuple[str, bytes]:
    """The key's version, and nonce and ciphertext."""
    match = _TEXT.fullmatch(text)
    if match and len(match[2]) % 4 != 1:
        sealed = urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4))
        if len(sealed) >= _NONCE + _TAG:
            return match[1], sealed
    raise SealBroken(f"what is sealed as {purpose} cannot be opened: it was cut or damaged")


def _bound(version: str, uid: str, purpose: str) -> bytes:
    """What the ciphertext is authenticated with; no two different ones read alike."""
    return json.dumps([_FORMAT, version, uid, purpose]).encode()


__all__ = ["KeyRing", "SealBroken", "Vault"]
