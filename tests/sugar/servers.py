"""Servers on loopback for what no HTTP server would do, and certificates for them."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Accepts connections on 127.0.0.1 and lets ``talk`` have each, one after the other; gives ``host:port``."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        talk(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        assert not thread.is_alive(), "a connection was left open"


@dataclass
class Seen:
    """What a server saw."""

    port: int = 0
    connections: int = 0
    names: list[str | None] = field(default_factory=list)
    """What TLS asked for (SNI)."""
    requests: list[str] = field(default_factory=list)
    """Heads of requests."""


@contextmanager
def trap() -> Iterator[Seen]:
    """Counts who comes, and says nothing."""
    seen = Seen()

    def talk(connection: socket.socket) -> None:
        seen.connections += 1

    with server(talk) as address:
        seen.port = int(address.rpartition(":")[2])
        yield seen


@contextmanager
def answering(pem: Path) -> Iterator[Seen]:
    """Answers every request over TLS alike, with the certificate and key in this file."""
    seen = Seen()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.sni_callback = lambda _, name, __: seen.names.append(name)

    def talk(connection: socket.socket) -> None:
        seen.connections += 1
        with context.wrap_socket(connection, server_side=True) as secure:
            while head := secure.recv(65536):
                seen.requests.append(head.decode())
                secure.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}')

    with server(talk) as address:
        seen.port = int(address.rpartition(":")[2])
        yield seen


def certificate(folder: Path, name: str = "127.0.0.1") -> Path:
    """A self-signed certificate for a name or a number, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a server on loopback")])
    now = datetime.now(UTC)
    stands_for: x509.GeneralName = x509.DNSName(name)
    if name[0].isdigit():
        stands_for = x509.IPAddress(ipaddress.ip_address(name))
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([stands_for]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    file = folder / f"{name}.pem"
    file.write_bytes(pem)
    return file
