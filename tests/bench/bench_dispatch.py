"""Ten thousand users who are due at once: ``python -m tests.bench.bench_dispatch``.

On the Firestore emulator if there is one, else on SQLite; tasks by the real client to a server in this process. Prints
queries, time and memory of the runs that it takes until everybody has a task.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from shared.store.firestore import FirestoreStore
from shared.store.port import Put, Store
from shared.store.sqlite import SqliteStore
from shared.sync.head import Head
from shared.web.cloud_tasks import CloudTasks
from shared.web.dispatch import PAGE, Dispatcher
from tests.cloud.tasks import QUEUE, CloudTasksServer
from tests.emulator import HOST_VARIABLE, find, start
from tests.simulators.wire import SimClock

USERS = 10_000


@contextmanager
def a_store() -> Iterator[Store]:
    emulator = find()
    if emulator is None:
        with tempfile.TemporaryDirectory() as folder, closing(SqliteStore(Path(folder) / "s")) as local:
            print("on SQLite")
            yield local
        return
    with start(emulator) as running:
        os.environ[HOST_VARIABLE] = running.host
        with closing(FirestoreStore("bench")) as store:
            print("on the Firestore emulator")
            yield store


def put(store: Store, dues: dict[str, str]) -> None:
    """Heads of these users, due at these times."""
    changes = [Put(f"users/{uid}/pairs/p", Head(next_due_at=due).data()) for uid, due in dues.items()]
    for begin in range(0, len(changes), 500):
        store.commit(changes[begin : begin + 500])


def main() -> None:
    clock = SimClock()
    with a_store() as store, CloudTasksServer() as cloud:
        put(store, {f"u{n:05d}": (clock.now() - timedelta(seconds=n % 600)).isoformat() for n in range(USERS)})
        tasks = CloudTasks(QUEUE, "https://x/sync", "t@p.iam.gserviceaccount.com", endpoint=cloud.endpoint)
        with closing(tasks):
            had: Counter[str] = Counter()
            queries, more = 0, True
            while more:
                cloud.calls.clear()
                tracemalloc.start()
                began = time.perf_counter()
                done = Dispatcher(store, tasks, clock).run()
                took = time.perf_counter() - began
                peak = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
                print(
                    f"{done.due:,} due found by {done.queries} queries of {PAGE}: {done.enqueued:,} tasks"
                    f" in {took:.1f} s (memory traced), {peak / 1e6:.1f} MB at most"
                )
                uids = [json.loads(call.task.http_request.body)["uid"] for call in cloud.calls]
                had.update(uids)
                clock.advance(60)
                # What the tasks do.
                put(store, dict.fromkeys(uids, (clock.now() + timedelta(hours=1)).isoformat()))
                queries, more = queries + done.queries, done.more
            twice = sum(count > 1 for count in had.values())
            print(f"{len(had):,} of {USERS:,} users have a task, {twice} have two; {queries} queries")


if __name__ == "__main__":
    main()
