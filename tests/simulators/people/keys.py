"""The key that id_tokens are signed with: made once a process, as making one is slow."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.simulators.people.errors import Json

KEY_ID = "simulated-key-1"


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificates() -> Json:
    """By key id, PEM: what ``google.oauth2.id_token`` reads."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "accounts.simulated")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(_key().public_key())
    builder = builder.serial_number(1).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    certificate = builder.not_valid_after(datetime(2049, 1, 1, tzinfo=UTC)).sign(_key(), hashes.SHA256())
    return {KEY_ID: certificate.public_bytes(serialization.Encoding.PEM).decode()}


def key_set() -> Json:
    """The same as a JWK set."""
    numbers = _key().public_key().public_numbers()
    n, e = (_b64(x.to_bytes((x.bit_length() + 7) // 8, "big")) for x in (numbers.n, numbers.e))
    return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID, "n": n, "e": e}]}


def signed(claims: Json) -> str:
    """A JWT, RS256."""
    header = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
    head = f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}"
    return f"{head}.{_b64(_key().sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
