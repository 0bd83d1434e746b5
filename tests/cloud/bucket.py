"""A bucket on this machine: moto's server, which the real client speaks to over HTTP."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from shared.store.bucket import Location, S3Bucket

NAME = "history-of-contacts"
KEY, SECRET = "GOOG1EXAMPLE", "a-secret-of-the-bucket"


class Cloud:
    """The server, and what lies in its bucket."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bucket = S3Bucket(lambda: self.location)
        self.client: Any = self.bucket._client

    @property
    def location(self) -> Location:
        return Location(NAME, self.url, "us-east-1", KEY, SECRET)

    @property
    def environment(self) -> dict[str, str]:
        """What an installation is told."""
        return {
            "ARCHIVE_BUCKET": NAME,
            "ARCHIVE_ENDPOINT": self.url,
            "ARCHIVE_REGION": "us-east-1",
            "ARCHIVE_ACCESS_KEY": KEY,
            "ARCHIVE_SECRET_KEY": SECRET,
        }

    def make(self) -> None:
        self.client.create_bucket(Bucket=NAME)

    def drop(self) -> None:
        """Empties the bucket and removes it."""
        for name in self.names():
            self.client.delete_object(Bucket=NAME, Key=name)
        self.client.delete_bucket(Bucket=NAME)

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=NAME)
        return [entry["Key"] for entry in found.get("Contents", ())]

    def read(self, name: str) -> bytes:
        data: bytes = self.client.get_object(Bucket=NAME, Key=name)["Body"].read()
        return data

    def write(self, name: str, data: bytes) -> None:
        self.client.put_object(Bucket=NAME, Key=name, Body=data)


@contextmanager
def cloud() -> Iterator[Cloud]:
    """A server without buckets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # moto asks for the extras of services that are not used here
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    # Buckets belong to the process, not to the server: without this, those of an earlier test would be there.
    requests.post(f"{url}/moto-api/reset", timeout=30).raise_for_status()
    try:
        yield Cloud(url)
    finally:
        server.stop()
