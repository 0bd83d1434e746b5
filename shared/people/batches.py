"""Carries writes out in as few calls as possible, and takes a failed batch apart. Calls never overlap.

A batch is all or nothing. When it is refused, nothing of it was done, so its parts may be sent again: without the
contacts that the error names, or in halves where it names nobody, down to single contacts. Two refusals are not taken
for the contact's own fault: that of a create whose label was deleted (:class:`ChosenLabels`), and that of an update in
a batch that made it carry lists which it does not change. When the outcome is unknown nothing is sent again, and
nothing else either. What was in doubt before goes alone: it may have been what made its batch fail.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shared.errors import AmbiguousError, ContactError, Rejected, StaleVersion, SyncError, Unavailable, Vanished
from shared.names import Op
from shared.people.chosen import ChosenLabels
from shared.people.client import PeopleClient
from shared.people.failures import Answered, CallFailed, named_failure, write_failure
from shared.people.operations import Creates, Deletes, Operation, Updates, union_mask, update_body
from shared.people.scope import Scope
from shared.side import Done, InDoubt, NotSent, Outcome, Refused, Write

SINGLE_UP_TO = 4
"""Writes that are cheaper alone: a single one costs 1 + 1 of the critical quota, a batch 6 + 6 whatever its size."""
MOST_CALLS = 64
"""Of one ``apply``; far more than taking a batch apart needs while most of it is fine."""
MOST_BYTES = 5_000_000
"""Of one body; contacts with notes of 100 kB go in several calls."""


@dataclass(slots=True)
class _Progress:
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By intent."""
    stopped: SyncError | None = None
    """Why nothing more is sent."""
    calls: int = 0


class Writer:
    """Writes to one account.

    Args:
        client: makes the calls.
        scope: which contacts take part.
        labels: those that creates may carry.
    """

    def __init__(self, client: PeopleClient, scope: Scope, labels: ChosenLabels) -> None:
        self._client = client
        self._labels = labels
        self._kinds: dict[Op, Operation] = {
            Op.DELETE: Deletes(),
            Op.UPDATE: Updates(scope),
            Op.CREATE: Creates(scope),
        }

    def apply(self, writes: Sequence[Write]) -> list[Outcome]:
        """One outcome per write, in order; never raises for what the other end did."""
        progress = _Progress()
        # Deletes first: they make room in an account that is nearly full.
        for op, kind in self._kinds.items():
            wanted = [write for write in writes if write.op is op]
            for write in wanted:
                if op is Op.UPDATE and not write.payload:
                    progress.outcomes[write.intent] = Refused(Rejected("Google's contact holds what cannot be read"))
            rest = [write for write in wanted if write.intent not in progress.outcomes]
            for group in _groups([write for write in rest if not write.tries], kind.most):
                self._group(kind, group, progress)
            for write in sorted((write for write in rest if write.tries), key=lambda write: write.tries):
                going, calls = progress.stopped is None, progress.calls
                self._group(kind, [write], progress)
                progress.calls = calls  # of what takes a batch apart
                if going and isinstance(progress.outcomes[write.intent], InDoubt):
                    progress.stopped = None  # alone, and in doubt before: it tells nothing about the others
        return [progress.outcomes[write.intent] for write in writes]

    def _group(self, kind: Operation, group: list[Write], progress: _Progress) -> None:
        pending = deque([group])
        while pending:
            part = self._sendable(pending.popleft(), progress)
            if 1 < len(part) <= SINGLE_UP_TO:
                pending.extendleft([write] for write in reversed(part))
            elif part and self._may_go_on(progress):
                again = self._batch(kind, part, progress) if part[1:] else self._single(kind, part[0], progress)
                pending.extendleft(reversed(again))
            else:
                self._not_sent(part, progress)

    def _sendable(self, part: list[Write], progress: _Progress) -> list[Write]:
        """The part as it may be sent, by what is known of labels that are gone."""
        lost = {write.intent: why for write in part if (why := self._labels.lost(write)) is not None}
        progress.outcomes.update({intent: NotSent(why) for intent, why in lost.items()})
        return [self._labels.fit(write) for write in part if write.intent not in lost]

    def _nobodys_fault(self, refused: list[Write], error: ContactError, progress: _Progress) -> bool:
        """Whether the refusal says nothing about anybody: a label that is gone explains it, or nobody can tell now."""
        if not isinstance(error, Rejected | StaleVersion | Vanished):
            return False
        try:
            self._labels.ask_about(refused)
        except SyncError as trouble:
            progress.stopped = trouble
            return True
        return any(self._labels.lost(write) or self._labels.fit(write) is not write for write in refused)

    def _single(self, kind: Operation, write: Write, progress: _Progress) -> list[list[Write]]:
        """Sends it; what is to be sent again."""
        try:
            answer = self._client.write(kind.single_call, lambda service: kind.single(service, write))
        except ContactError as error:
            if self._nobodys_fault([write], error, progress):
                return [[write]]
            gone = isinstance(error, Vanished) and write.op is Op.DELETE
            progress.outcomes[write.intent] = Done(None) if gone else Refused(error)
        except SyncError as error:
            self._stop([write], error, progress)
        else:
            self._note([write], [kind.of_single(answer, write)], progress)
        return []

    def _batch(self, kind: Operation, part: list[Write], progress: _Progress) -> list[list[Write]]:
        """Sends it; what is to be sent again, in parts."""
        try:
            answer = self._client.attempt(lambda service: kind.batch(service, part))
        except CallFailed as failure:
            error = write_failure(kind.batch_call, failure)
            if isinstance(error, ContactError) and isinstance(failure, Answered):
                if self._nobodys_fault(part, error, progress):
                    return [part]
                return self._take_apart(kind, part, failure, error, progress)
            self._stop(part, error, progress)
        except SyncError as error:
            self._stop(part, error, progress)
        else:
            self._note(part, kind.of_batch(answer, part), progress)
        return []

    def _take_apart(
        self, kind: Operation, part: list[Write], failure: Answered, error: ContactError, progress: _Progress
    ) -> list[list[Write]]:
        named = {
            write.intent: named_failure(kind.batch_call, status)
            for name, status in failure.contact_errors.items()
            if (write := kind.blamed(name, part)) is not None
        }
        if not named and failure.overflow:
            progress.outcomes.update({write.intent: Refused(error) for write in part})
            return []
        if not named:
            middle = len(part) // 2
            return [part[:middle], part[middle:]]
        alone: list[list[Write]] = []
        for write in part:
            blame = named.get(write.intent)
            if isinstance(blame, Rejected) and _padded(write, part):
                alone.append([write])
            elif isinstance(blame, Vanished) and write.op is Op.DELETE:
                progress.outcomes[write.intent] = Done(None)
            elif isinstance(blame, ContactError):
                progress.outcomes[write.intent] = Refused(blame)
            elif blame is not None:
                progress.outcomes[write.intent] = NotSent(blame)
        rest = [write for write in part if write.intent not in named]
        return [rest, *alone] if rest else alone

    def _may_go_on(self, progress: _Progress) -> bool:
        if progress.stopped is None and progress.calls >= MOST_CALLS:
            progress.stopped = Unavailable("too many contacts were refused in one go; the others follow later")
        progress.calls += 1
        return progress.stopped is None

    def _note(self, part: Sequence[Write], outcomes: Sequence[Outcome], progress: _Progress) -> None:
        for write, outcome in zip(part, outcomes, strict=True):
            progress.outcomes[write.intent] = outcome
            if isinstance(outcome, InDoubt):
                progress.stopped = _unknown()

    def _stop(self, part: Sequence[Write], error: SyncError, progress: _Progress) -> None:
        """The call brought no outcome; why decides what these writes are, and all that follow are not sent."""
        if isinstance(error, AmbiguousError):
            progress.outcomes.update({write.intent: InDoubt(error) for write in part})
            progress.stopped = _unknown()
        else:
            progress.outcomes.update({write.intent: NotSent(error) for write in part})
            progress.stopped = error

    def _not_sent(self, part: Sequence[Write], progress: _Progress) -> None:
        error = progress.stopped or _unknown()
        progress.outcomes.update({write.intent: NotSent(error) for write in part})


def _unknown() -> Unavailable:
    return Unavailable("not sent: the outcome of a write before it is unknown")


def _padded(write: Write, part: Sequence[Write]) -> bool:
    """Whether the batch made this update carry lists that it does not change: what was refused may be one of those, as
    it has stood in Google for long, and not what is to be written."""
    return write.op is Op.UPDATE and not write.payload.keys() >= set(union_mask(part))


def _groups(writes: Sequence[Write], most: int) -> Iterator[list[Write]]:
    """Groups within the limits of a batch, no contact twice in one."""
    group: list[Write] = []
    size = 0
    for write in writes:
        length = _size(write)
        twice = bool(write.id) and any(each.id == write.id for each in group)
        if group and (len(group) >= most or size + length > MOST_BYTES or twice):
            yield group
            group, size = [], 0
        group.append(write)
        size += length
    if group:
        yield group


def _size(write: Write) -> int:
    """Bytes that the write adds to a body, at most: an update may have to carry all that was read."""
    body = update_body(write, sorted(write.payload)) if write.op is Op.UPDATE else write.payload
    return len(json.dumps(body)) + (len(json.dumps(write.before)) if write.op is Op.UPDATE else 0)
