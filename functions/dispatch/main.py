"""Every minute, by Cloud Scheduler: one task for each user who is due."""

from __future__ import annotations

from shared.web.dispatch import Dispatched, Dispatcher
from shared.web.function import Function
from shared.web.route import Access, Ask, Route


def dispatch(ask: Ask) -> Dispatched:
    services = ask.services
    done = Dispatcher(services.store, services.tasks, services.clock).run()
    ask.noted.update(
        due=done.due,
        enqueued=done.enqueued,
        existed=done.existed,
        failed=done.failed,
        queries=done.queries,
        more=done.more,
        late_seconds=round(done.late_seconds, 1),
        untidied=done.untidied,
    )
    return done


ROUTES = (
    Route(
        "POST",
        dispatch,
        "Enqueue one task for each user whose sync is due",
        answer=Dispatched,
        access=Access.PLATFORM,
        problems=(409, 503),
    ),
)
handler = Function("dispatch", ROUTES).entry
