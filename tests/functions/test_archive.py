"""History past its time: into the bucket and then out of the store, never the other way round; and still readable."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.store.port import Put, Remove
from shared.sync.retention import ROWS
from tests.cloud.bucket import NAME, Cloud, cloud
from tests.functions.site import Browser, Site, site
from tests.sync.crashes import Crash

DAYS = 30


@pytest.fixture(scope="module")
def server() -> Iterator[Cloud]:
    with cloud() as made:
        yield made


@pytest.fixture
def bucket(server: Cloud) -> Iterator[Cloud]:
    server.make()
    yield server
    server.drop()


@pytest.fixture
def web(bucket: Cloud) -> Iterator[Site]:
    with site(environment=bucket.environment) as made:
        yield made


def row(web: Site, n: int, run: str = "run") -> dict[str, Any]:
    """A row of a year ago, a minute after the one before."""
    at = web.clock.now() - timedelta(days=365) + timedelta(minutes=n // 2)
    return {
        "link": f"link{n % 3}",
        "run": f"{run}{n // 2:04d}",
        "at": at.isoformat(),
        "kinds": ["update", ("update google", "update sugar")[n % 2]],
        "why": "changed in Sugar",
        "name": f"Name {n % 3}",
        "epoch": n,
        "ids": {"sugar": f"s{n % 3}", "google": f"people/c{n % 3}"},
        "fields": [{"name": "title", "to": "google", "before": "", "after": f"T{n}", "why": "new", "loser": None}],
        "native": {"google": {"before": {"etag": "1", "text": "Ä<b>"}, "after": {"n": n}}},
    }


def old(web: Site, browser: Browser, count: int, run: str = "run") -> list[str]:
    """Writes so many old rows; their ids, the newest first."""
    paths, rows = web.paths(browser), [row(web, n, run) for n in range(count)]
    names = [f"{data['run']}-{data['link']}" for data in rows]
    web.world.store.inner.commit([Put(paths.history(name), data) for name, data in zip(names, rows, strict=True)])
    order = sorted(zip((data["at"] for data in rows), names, strict=True), reverse=True)
    return [name for _, name in order]


def keeper(web: Site, *, days: int = DAYS) -> Browser:
    """Jane, who keeps history for so many days, and whose first run is past."""
    jane = web.jane()
    assert jane.patch("settings", history_days=days).ok
    assert jane.post("sync", "", {}).ok["status"] == "done"
    return jane


def tomorrow(web: Site, jane: Browser, runs: int = 1) -> dict[str, Any]:
    """A day later: the runs that look for rows past their time; the last one's report."""
    web.clock.advance(timedelta(days=1, minutes=1).total_seconds())
    jane.sign_in(jane.email)  # a session does not last that long
    for _ in range(runs):
        report: dict[str, Any] = jane.post("sync", "", {}).ok
        assert report["status"] == "done", report
        web.clock.advance(1)
    return report


def stored(web: Site, jane: Browser) -> list[str]:
    """Ids of the rows in the store."""
    return [doc.id for doc in web.world.store.inner.query(web.paths(jane).collection("history"))]


def told(jane: Browser, limit: int = 7, **query: Any) -> list[str]:
    """All rows page by page, by their ids in the store."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(1000):
        page = jane.get("history", limit=limit, **query, **cursor).ok
        assert len(page["items"]) <= limit
        found += [item["id"].rpartition("~")[2] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}
    raise AssertionError("the pages never end")


@pytest.mark.long
def test_old_rows_go_into_the_bucket_and_out_of_the_store(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    names = old(web, jane, 20)
    tomorrow(web, jane, runs=2)
    assert stored(web, jane) == []
    (name,) = bucket.names()
    assert name.startswith(f"{jane.uid}/")
    assert name.endswith(".ndjson.gz")
    lines = [json.loads(line) for line in gzip.decompress(bucket.read(name)).splitlines()]
    assert [line["id"] for line in lines] == names[::-1]
    assert lines[0]["data"]["native"]["google"]["before"]["text"] == "Ä<b>"
    assert told(jane) == names


def test_rows_within_their_time_stay(web: Site, bucket: Cloud) -> None:
    jane = keeper(web, days=500)
    names = old(web, jane, 6)
    tomorrow(web, jane)
    assert sorted(stored(web, jane)) == sorted(names)
    assert jane.patch("settings", history_days=0).ok
    web.clock.advance(timedelta(days=10).total_seconds())
    tomorrow(web, jane)
    assert sorted(stored(web, jane)) == sorted(names)
    assert bucket.names() == []


def test_more_than_one_part_is_taken_run_by_run(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    names = old(web, jane, ROWS + 30)
    tomorrow(web, jane)
    assert len(stored(web, jane)) == 30
    jane.post("sync", "", {})
    assert stored(web, jane) == []
    assert len(bucket.names()) == 2
    assert told(jane, limit=100) == names


QUERIES: list[dict[str, str]] = [
    {},
    {"order": "asc"},
    {"contact": "link1"},
    {"kind": "update sugar"},
    {"run": "run0003"},
    {"run": "run9001", "order": "asc"},
    {"contact": "link2", "kind": "update google", "order": "asc"},
]


def test_pages_go_from_the_store_into_the_archive_and_back(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    old(web, jane, 8)
    tomorrow(web, jane, runs=2)
    old(web, jane, 14)  # once more the same, and others: the rows of the first bundle stand twice now
    for doc in web.world.store.inner.query(web.paths(jane).collection("history"), order="at", limit=8):
        web.world.store.inner.commit([Remove(doc.path)])
    tomorrow(web, jane, runs=2)
    assert len(bucket.names()) == 2
    fresh = {f"run9{n:03d}-link{n % 3}": {**row(web, n), "run": f"run9{n:03d}"} for n in range(5)}
    for n, data in enumerate(fresh.values()):
        data["at"] = (web.clock.now() + timedelta(seconds=n)).isoformat()
    web.world.store.inner.commit([Put(web.paths(jane).history(name), data) for name, data in fresh.items()])
    rows = {**{f"{data['run']}-{data['link']}": data for data in (row(web, n) for n in range(14))}, **fresh}
    order = sorted(rows, key=lambda name: (rows[name]["at"] if name in fresh else "", name), reverse=True)
    assert told(jane, limit=3) == order
    for query in QUERIES:
        wanted = [name for name in order if _matches(rows[name], query)]
        assert wanted
        for limit in (1, 4, 100):
            assert told(jane, limit=limit, **query) == (wanted if "order" not in query else wanted[::-1]), query


def _matches(data: dict[str, Any], query: dict[str, str]) -> bool:
    return (
        query.get("contact") in (None, data["link"])
        and query.get("run") in (None, data["run"])
        and (query.get("kind") is None or query["kind"] in data["kinds"])
    )


def test_a_span_of_time_reads_only_the_bundles_that_it_touches(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    old(web, jane, 8)
    begin = web.clock.now() - timedelta(days=365)
    tomorrow(web, jane, runs=2)
    span = {"from": begin.isoformat(), "to": (begin + timedelta(minutes=2)).isoformat()}
    assert len(told(jane, 7, **span)) == 4
    bucket.write(bucket.names()[0], b"spoilt")
    assert told(jane, 7, **{"from": (begin + timedelta(days=300)).isoformat()}) == []
    assert jane.get("history", **span).status == 409


def test_one_archived_row_is_read_whole(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    old(web, jane, 3)
    tomorrow(web, jane, runs=2)
    item = jane.get("history").ok["items"][0]
    assert item["archived"]
    whole = jane.get("history", f"/{item['id']}").ok
    assert whole["native"]["google"]["before"]["text"] == "Ä<b>"
    for name in ("no~row", f"{item['id']}x", "~", "a~b~c"):
        assert jane.get("history", f"/{name}").status == 404


def test_what_is_archived_is_not_undone_and_says_so(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    old(web, jane, 3)
    tomorrow(web, jane, runs=2)
    newest = jane.get("history").ok["items"][0]
    for body in ({"row": newest["id"]}, {"contact": newest["contact"]}, {"run": newest["run"]}):
        answer = jane.post("undo", "", body)
        (name,) = body
        assert (answer.status, answer.json["detail"]) == (422, f"{name}: is archived, and cannot be undone any more")
    # What there never was is still told apart from it, and so is somebody else's.
    for body in ({"contact": "nobody"}, {"run": "none"}, {"row": "none"}):
        assert "no such thing in your history" in jane.post("undo", "", body).json["detail"]
    other = web.jane(email="other@example.com")
    assert other.post("sync", "", {}).ok
    assert "no such thing" in other.post("undo", "", {"contact": newest["contact"]}).json["detail"]


def test_another_user_sees_nothing_of_it(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    old(web, jane, 3)
    tomorrow(web, jane, runs=2)
    item = jane.get("history").ok["items"][0]
    other = web.jane(email="other@example.com")
    assert other.get("history").ok["items"] == []
    assert other.get("history", f"/{item['id']}").status == 404


# -- trouble -----------------------------------------------------------------------------------------


def test_nothing_leaves_the_store_while_the_bucket_refuses(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    names = old(web, jane, 5)
    bucket.drop()
    tomorrow(web, jane)
    assert sorted(stored(web, jane)) == sorted(names)
    assert "NoSuchBucket" in jane.get("status").ok["archive_trouble"]
    bucket.make()
    jane.post("sync", "", {})
    assert sorted(stored(web, jane)) == sorted(names), "it is tried once a day"
    tomorrow(web, jane, runs=2)
    assert stored(web, jane) == []
    assert jane.get("status").ok["archive_trouble"] == ""
    assert told(jane) == names


def test_nothing_leaves_the_store_while_the_bucket_is_down(bucket: Cloud) -> None:
    with site(environment={**bucket.environment, "ARCHIVE_ENDPOINT": "http://127.0.0.1:9"}) as web:
        jane = keeper(web)
        names = old(web, jane, 5)
        tomorrow(web, jane)
        assert sorted(stored(web, jane)) == sorted(names)
        assert jane.get("status").ok["archive_trouble"]


def test_nothing_leaves_the_store_if_something_else_lies_under_that_name(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    names = old(web, jane, 5)
    bucket.drop()
    tomorrow(web, jane)
    (open_part,) = web.world.store.inner.query(web.paths(jane).collection("archive"))
    bucket.make()
    bucket.write(open_part.data["object"], b"somebody else's")
    tomorrow(web, jane)
    assert sorted(stored(web, jane)) == sorted(names)
    assert open_part.data["object"] in jane.get("status").ok["archive_trouble"]
    assert bucket.read(open_part.data["object"]) == b"somebody else's"


def test_an_object_that_went_missing_is_told_and_not_taken_for_no_history(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    old(web, jane, 5)
    tomorrow(web, jane, runs=2)
    bucket.client.delete_object(Bucket=NAME, Key=bucket.names()[0])
    answer = jane.get("history")
    assert (answer.status, answer.json["type"]) == (409, "urn:contact-sync:blocked")


@pytest.mark.long
def test_a_crash_at_any_step_neither_loses_nor_doubles_a_row(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    step, crashed = 0, True
    while crashed:
        step += 1
        old(web, jane, 4, f"run{step}-")
        web.clock.advance(timedelta(days=1, minutes=1).total_seconds())
        jane.sign_in(jane.email)
        crashed = _crash(web, jane, step)
        web.clock.advance(1000)
        assert jane.connect().ok  # a crash may have cost the tokens that Sugar had just given out
        tomorrow(web, jane, runs=3)
        assert stored(web, jane) == []
        rows = told(jane)
        assert len(rows) == 4 * step
    assert step > 6
    assert len(bucket.names()) == len(web.world.store.inner.query(web.paths(jane).collection("archive")))


def _crash(web: Site, jane: Browser, step: int) -> bool:
    seen = 0

    def count(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen == step:
            raise Crash(str(step))

    web.world.store.on_step = count
    try:
        jane.post("sync", "", {})
    except Crash:
        return True
    finally:
        web.world.store.on_step = lambda _: None
    return False


# -- taking along, and away --------------------------------------------------------------------------


def test_an_export_holds_what_is_archived(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    names = old(web, jane, 5)
    tomorrow(web, jane, runs=2)
    (pair,) = jane.get("account", "/export").ok["pairs"]
    assert sorted(row["document"] for row in pair["archived"]) == sorted(names)


def test_deleting_the_account_deletes_what_is_archived(web: Site, bucket: Cloud) -> None:
    jane = keeper(web)
    old(web, jane, 5)
    tomorrow(web, jane, runs=2)
    assert bucket.names()
    assert jane.delete("account", {"email": jane.email}).ok["done"]
    assert bucket.names() == []


def test_without_a_bucket_rows_past_their_time_are_removed() -> None:
    with site() as web:
        jane = keeper(web)
        old(web, jane, 5)
        tomorrow(web, jane, runs=2)
        assert stored(web, jane) == []
        assert told(jane) == []


def test_the_secret_may_lie_among_the_secrets(bucket: Cloud) -> None:
    environment = {**bucket.environment, "ARCHIVE_SECRET_KEY": ""}
    with site(environment=environment) as web:
        jane = keeper(web)
        names = old(web, jane, 5)
        tomorrow(web, jane)
        assert sorted(stored(web, jane)) == sorted(names)
        assert "archive-secret-key" in jane.get("status").ok["archive_trouble"]
        web.world.secrets.add("archive-secret-key", b"a-secret-of-the-bucket\n")
        tomorrow(web, jane, runs=2)
        assert stored(web, jane) == []
