"""Whether a task that the dispatcher made is still worth a run, and the run.

Between the look of the dispatcher and the task much may happen: the account is deleted, another Sugar is connected,
"Sync regularly" is switched off, or another task of the same user has made the run already. Then the task is over, and
the pair's time is mended where it is wrong, or it would be found due each minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.account.users import User
from shared.errors import FatalError, LeaseLost, RetriableError
from shared.sync.paths import Paths

if TYPE_CHECKING:
    from shared.sync.report import Report
    from shared.web.services import Services

NOT_DUE = "not due: another task of this user was quicker"


def run(
    services: Services, user: User, *, plan: str = "", leave_out: Sequence[str] = (), scheduled: bool = False
) -> Report:
    """One batch; the arguments as for :meth:`shared.sync.engine.Engine.run`.

    Raises:
        GrantLost: a side is not connected.
        BadPlan: the plan cannot be carried out; nothing was done.
    """
    connections = services.connections(user.uid)
    try:
        report = services.engine(user, connections).run(plan=plan, leave_out=leave_out, scheduled=scheduled)
    finally:
        connections.close()
    if report.bad_plan is not None:
        raise report.bad_plan
    return report


def take_turn(services: Services, uid: str, pair: str) -> tuple[Report | None, str]:
    """One batch, if the pair is due; else why not.

    Args:
        pair: that was due; blank: the one that is connected now.

    Raises:
        Unavailable: the store does not answer; nothing was done.
    """
    user = services.users.load(uid)
    paths = user.paths if user is not None else None
    why = _over(user, pair)
    if user is None or paths is None or why:
        if pair:
            _attend(services, Paths(uid, pair))
        return None, why
    head = services.store.get(paths.head)
    due = head.data.get("next_due_at") if head is not None else None
    if due is None or due > services.clock.now().isoformat():
        return None, NOT_DUE
    return run(services, user, scheduled=True), ""


def tidied(services: Services, uid: str, pair: str) -> bool:
    """Removes what is past its time of a pair that no run has tidied; ``False``: it is gone, or a run is under way.

    Raises:
        RetriableError, FatalError: of the store.
    """
    from shared.sync.tidy import tidy_up

    paths = Paths(uid, pair)
    user = services.users.load(uid)
    if user is None or user.erasing or services.store.get(paths.head) is None:
        return False
    try:
        tidy_up(services.store, paths, services.bucket, services.clock, services.ids)
    except LeaseLost:
        return False
    return True


def _over(user: User | None, pair: str) -> str:
    """Why there is nothing to do for this pair, now or later; blank if there may be."""
    if user is None:
        return "there is no such user"
    if user.paths is None:
        return "nothing is connected"
    if pair and pair != user.pair:
        return "other accounts are connected now"
    if user.settings.get("sync_regularly") is not True:
        return "Sync regularly is off"
    return ""


def _attend(services: Services, paths: Paths) -> None:
    """The time of a pair that should not have been due. Where that fails, the next task tries it again."""
    from shared.sync.visit import attend

    head = services.store.get(paths.head)
    if head is None or head.data.get("next_due_at") is None:
        return
    try:
        attend(services.store, paths, services.clock, services.ids)
    except (RetriableError, FatalError):
        return
