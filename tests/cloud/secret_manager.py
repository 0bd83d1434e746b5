"""Secret Manager, as far as it is used: secrets in versions, each enabled, disabled or destroyed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.cloud.secretmanager_v1 import types

from tests.cloud.server import Code, GrpcServer, refuse

PROJECT = "p"
NUMBER = "482913337105"
"""The service answers with the project's number in place of its id."""

_PARENT = re.compile(rf"projects/{PROJECT}/secrets/([A-Za-z0-9_-]{{1,255}})")
_VERSION = re.compile(_PARENT.pattern + r"/versions/(latest|[1-9][0-9]*)")


@dataclass
class Stored:
    data: bytes
    state: str = "ENABLED"


class SecretManagerServer(GrpcServer):
    """Secrets must be made with :meth:`create` before versions can be added: that is Terraform's part."""

    service = "google.cloud.secretmanager.v1.SecretManagerService"

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, list[Stored]] = {}
        self.damaged = 0
        """So many payloads to come are damaged on their way."""
        self.lagging = False
        """Whether ``latest`` does not yet see the version made last."""

    def methods(self) -> Mapping[str, tuple[Callable[[Any], Any], Any, Any]]:
        return {
            "AccessSecretVersion": (self._access, types.AccessSecretVersionRequest, types.AccessSecretVersionResponse),
            "AddSecretVersion": (self._add, types.AddSecretVersionRequest, types.SecretVersion),
        }

    def create(self, name: str, *versions: bytes) -> None:
        """A secret with these versions."""
        self.secrets[name] = [Stored(data) for data in versions]

    def disable(self, name: str, version: int) -> None:
        self.secrets[name][version - 1].state = "DISABLED"

    def destroy(self, name: str, version: int) -> None:
        self.secrets[name][version - 1] = Stored(b"", "DESTROYED")

    def _access(self, request: types.AccessSecretVersionRequest) -> types.AccessSecretVersionResponse:
        match = _VERSION.fullmatch(request.name) or refuse(Code.INVALID_ARGUMENT, f"malformed name {request.name}")
        name, version = match[1], match[2]
        stored = self.secrets.get(name, [])
        seen = max(0, len(stored) - self.lagging)
        number = seen if version == "latest" else int(version)
        path = f"projects/{NUMBER}/secrets/{name}"
        if name not in self.secrets or not number:
            refuse(Code.NOT_FOUND, f"Secret [{path}] not found or has no versions.")
        if number > len(stored):
            refuse(Code.NOT_FOUND, f"Secret Version [{path}/versions/{number}] not found.")
        found = stored[number - 1]
        if found.state != "ENABLED":
            refuse(Code.FAILED_PRECONDITION, f"Secret Version [{path}/versions/{number}] is in {found.state} state.")
        data = found.data
        checksum = _crc32c(data)
        if self.damaged:
            self.damaged -= 1
            data = bytes([data[0] ^ 1]) + data[1:]
        payload = types.SecretPayload(data=data, data_crc32c=checksum)
        return types.AccessSecretVersionResponse(name=f"{path}/versions/{number}", payload=payload)

    def _add(self, request: types.AddSecretVersionRequest) -> types.SecretVersion:
        match = _PARENT.fullmatch(request.parent) or refuse(Code.INVALID_ARGUMENT, f"malformed name {request.parent}")
        path = f"projects/{NUMBER}/secrets/{match[1]}"
        if match[1] not in self.secrets:
            refuse(Code.NOT_FOUND, f"Secret [{path}] not found.")
        payload = request.payload
        if not 0 < len(payload.data) <= 65536:
            refuse(Code.INVALID_ARGUMENT, "The payload must have 1 to 65536 bytes.")
        if "data_crc32c" in payload and payload.data_crc32c != _crc32c(payload.data):
            refuse(Code.INVALID_ARGUMENT, "The checksum does not match the payload.")
        self.secrets[match[1]].append(Stored(payload.data))
        return types.SecretVersion(name=f"{path}/versions/{len(self.secrets[match[1]])}")


def _crc32c(data: bytes) -> int:
    """By a table; shares nothing with what it checks."""
    table = _table()
    register = 0xFFFFFFFF
    for byte in data:
        register = (register >> 8) ^ table[(register ^ byte) & 0xFF]
    return register ^ 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    found = [0]
    top = 128
    value = 1
    powers = {}
    while top:
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        powers[top] = value
        top >>= 1
    for byte in range(1, 256):
        bit = byte & -byte
        found.append(found[byte ^ bit] ^ powers[bit])
    return tuple(found)
