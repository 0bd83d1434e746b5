"""A new user's first day, on both kinds of installation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from tests.site.cloud import in_the_cloud
from tests.site.running import running
from tests.site.story import NewUser


def test_on_one_machine() -> None:
    with running() as site:
        NewUser(site).play()
        _, _, file = site.services.config.store.partition(":")
        with sqlite3.connect(file) as connection:
            kept = [path for (path,) in connection.execute("SELECT path FROM documents")]
    # What is left belongs to nobody: sign-ins that were used, until they would have ended anyway.
    assert {path.partition("\x1f")[0] for path in kept} == {"states"}


def test_in_the_cloud(firestore_project: str) -> None:
    with in_the_cloud(firestore_project, each=4) as (site, platform):
        NewUser(site).play()
        assert [answer["status"] for answer in platform.answers] == ["done", "done"]
        kept = {path.partition("/")[0] for path in documents(firestore_project)}
    assert kept == {"states"}


def documents(project: str) -> Iterator[str]:
    """Every document there is, by path."""
    from google.cloud import firestore

    client = firestore.Client(project=project)
    waiting: list[Any] = list(client.collections())
    while waiting:
        for document in waiting.pop().list_documents():
            if document.get().exists:
                yield document.path
            waiting += document.collections()
    client.close()  # type: ignore[no-untyped-call]
