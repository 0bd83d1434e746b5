"""Objects in a bucket that speaks S3: Amazon's own, Google Cloud Storage by its XML interface with HMAC keys, others.

An object is written once and never changed: its name is given by its content. What was written is read again before
anybody relies on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from shared.errors import FatalError, RetriableError, SyncError

CONNECT, READ = 10.0, 60.0
"""Seconds that a connection and an answer may take."""
MOST = 64 * 1024 * 1024
"""Bytes of one object that are ever read."""
_GONE = frozenset({"NoSuchKey", "404", "NotFound"})
_REFUSED = frozenset(
    {"AccessDenied", "403", "NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidBucketName", "401"}
)


class BucketRefused(FatalError):
    """The bucket does not exist, or its key may not do this: somebody has to mend the configuration."""


class BucketDown(RetriableError):
    """No answer, or none that helps; the same again, later."""


class ObjectSpoilt(FatalError):
    """An object is not what was written under its name: somebody else writes to this bucket."""


class Bucket(Protocol):
    """Objects by name. Every method raises :class:`BucketRefused` and :class:`BucketDown`."""

    def put(self, name: str, data: bytes) -> None:
        """Writes it, unless it is there already, and reads it again.

        Raises:
            ObjectSpoilt: something else lies, or came to lie, under that name.
        """
        ...

    def get(self, name: str) -> bytes | None:
        """What lies there; ``None`` for nothing."""
        ...

    def remove(self, name: str) -> None:
        """It is gone afterwards, also if it was not there."""
        ...


@dataclass(frozen=True, slots=True)
class Location:
    """Where the bucket is. ``endpoint`` blank: Amazon's, by region."""

    bucket: str
    endpoint: str
    region: str
    access_key: str
    secret_key: str


class S3Bucket:
    """A bucket over S3's REST interface. The client is made at the first call."""

    def __init__(self, location: Callable[[], Location]) -> None:
        """
        Args:
            location: asked at the first call; may raise ``FatalError`` and ``RetriableError``.
        """
        self._where = location

    @cached_property
    def _location(self) -> Location:
        return self._where()

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        where = self._location
        return boto3.session.Session().client(
            "s3",
            endpoint_url=where.endpoint or None,
            region_name=where.region,
            aws_access_key_id=where.access_key,
            aws_secret_access_key=where.secret_key,
            config=Config(
                signature_version="s3v4",
                connect_timeout=CONNECT,
                read_timeout=READ,
                retries={"mode": "standard", "total_max_attempts": 2},
                s3={"addressing_style": "path"},
                # Google Cloud Storage refuses the checksums that boto3 adds by itself since 1.36.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put(self, name: str, data: bytes) -> None:
        there = self.get(name)
        if there is None:
            with _told():
                # No Content-Encoding: a server must not unpack it on the way.
                self._client.put_object(
                    Bucket=self._location.bucket, Key=name, Body=data, ContentType="application/gzip"
                )
            there = self.get(name)
        if there != data:
            raise ObjectSpoilt(f"archive: {name} does not read as what was written there")

    def get(self, name: str) -> bytes | None:
        try:
            with _told():
                answer = self._client.get_object(Bucket=self._location.bucket, Key=name)
                found: bytes = answer["Body"].read(MOST + 1)
        except _Missing:
            return None
        if len(found) > MOST:
            raise ObjectSpoilt(f"archive: {name} is larger than anything that is written here")
        return found

    def remove(self, name: str) -> None:
        try:
            with _told():
                self._client.delete_object(Bucket=self._location.bucket, Key=name)
        except _Missing:
            return


class _Missing(Exception):
    """No such object."""


@contextmanager
def _told() -> Iterator[None]:
    """boto's failures as ours; none of them carries a key or a signature."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _sorted(error.response.get("Error", {}).get("Code", "")) from None
    except (BotoCoreError, OSError) as error:
        raise BucketDown(f"archive: the bucket does not answer ({type(error).__name__})") from None


def _sorted(code: object) -> SyncError | _Missing:
    text = str(code)[:60]
    if text in _GONE:
        return _Missing()
    if text in _REFUSED:
        return BucketRefused(f"archive: the bucket refuses ({text}): check ARCHIVE_BUCKET and its keys")
    return BucketDown(f"archive: the bucket answers {text or 'nothing that helps'}")
