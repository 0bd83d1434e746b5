"""Writes that are refused, and trouble on the way, over HTTP: what is definite and what is in doubt."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import (
    AmbiguousError,
    Forbidden,
    GrantLost,
    OutOfTime,
    RateLimited,
    Rejected,
    ScopeMissing,
    Unavailable,
)
from shared.people.batches import MOST_CALLS
from shared.side import Done, InDoubt, NotSent, Refused
from tests.people.contacts import contact
from tests.people.test_writing import CREATE, DELETE, UPDATE, kinds, people, renames, stocked
from tests.people.world import World
from tests.simulators.people import Quota
from tests.simulators.wire import Reply, Request

# -- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("details", ["named", "first", "none"])
@pytest.mark.parametrize("bad", [(7,), (0, 50, 99), ()])
def test_bad_contacts_do_not_stop_the_others(make: Callable[..., World], details: str, bad: tuple[int, ...]) -> None:
    world = make(batch_error_details=details)
    targets = people(100)
    for n in bad:
        targets[n] = targets[n].with_values({"title": "x" * 2000})
    with world.calls() as calls:
        outcomes = world.create(*targets)
    for n, outcome in enumerate(outcomes):
        if n in bad:
            assert isinstance(outcome, Refused)
            assert isinstance(outcome.error, Rejected)
            assert outcome.error.detail
        else:
            assert isinstance(outcome, Done)
    assert world.size == 100 - len(bad)
    assert len(calls) <= {"named": 2, "first": 1 + len(bad), "none": 50}[details]


def test_taking_apart_is_bounded_and_the_rest_is_not_sent(make: Callable[..., World]) -> None:
    world = make(batch_error_details="none")
    targets = [each.with_values({"title": "x" * 2000}) for each in people(200)]
    with world.calls() as calls:
        outcomes = world.create(*targets)
    assert len(calls) == MOST_CALLS
    assert {kind for kind in kinds(outcomes)} == {"Refused", "NotSent"}
    assert world.size == 0


@pytest.mark.parametrize("status", ["FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"])
@pytest.mark.parametrize("details", ["named", "first", "none"])
@pytest.mark.parametrize("lead", ["invalid_argument", "first"])
@pytest.mark.parametrize("count", [1, 10])
def test_a_full_account_names_the_limit(
    make: Callable[..., World], status: str, details: str, lead: str, count: int
) -> None:
    world = make(overflow_status=status, batch_error_details=details, batch_error_status=lead)
    world.account.book.max_contacts = 0
    for outcome in world.create(*people(count)):
        assert isinstance(outcome, Refused)
        assert isinstance(outcome.error, Rejected)
        assert "25,000" in outcome.error.message


@pytest.mark.parametrize("count", [2, 10])
@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (403, {"status": "PERMISSION_DENIED", "message": "not yours"}, Forbidden),
        (400, {"status": "INVALID_ARGUMENT", "message": "bad"}, Rejected),
        (413, {"status": "INVALID_ARGUMENT", "message": "large"}, Rejected),
    ],
)
def test_other_refusals(world: World, count: int, status: int, error: dict[str, Any], kind: type[Exception]) -> None:
    world.wire.fault("status", path="/v1/", times=None, reply=Reply(status, {"error": error}))
    for outcome in world.create(*people(count)):
        assert isinstance(outcome, Refused)
        assert isinstance(outcome.error, kind)
        assert outcome.error.detail == error["message"]


# -- trouble on the way ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "late", "503", "500", "408", "302", "200"])
def test_an_unknown_outcome_is_in_doubt_and_nothing_is_sent_again(world: World, count: int, kind: str) -> None:
    rule: dict[str, Any] = {}
    if kind == "200":
        rule["garble"] = lambda request, reply: Reply(200, b"<html>")
        kind = "garble"
    elif kind.isdecimal():
        rule["reply"], kind = Reply(int(kind), {"error": {"message": "x"}}), "status"
    world.wire.fault(kind, path="(batchCreateContacts|createContact)$", **rule)
    with world.calls() as calls:
        outcomes = world.create(*people(count))
    assert len(calls) == 1
    assert kinds(outcomes) == ["InDoubt"] * count
    assert world.size == (count if kind in ("cut_after", "garble") else 0)
    world.wire.land()
    assert world.size == (0 if kind in ("cut_before", "status") else count)


def test_after_an_unknown_outcome_the_rest_is_not_sent(world: World) -> None:
    names = stocked(world, 12)
    updates = renames(world, names[:6])
    world.wire.fault("cut_before", path=UPDATE)
    with world.calls() as calls:
        outcomes = world.side.apply([*updates, *world.creates(*people(6)), *[world.delete(n) for n in names[6:]]])
    assert calls == [DELETE, UPDATE]
    assert kinds(outcomes) == ["InDoubt"] * 6 + ["NotSent"] * 6 + ["Done"] * 6


@pytest.mark.parametrize(
    "spoil",
    [
        lambda item: item["person"].pop("clientData"),
        lambda item: item["person"].pop("resourceName"),
        lambda item: item.pop("person"),
        lambda item: item.update(person=[]),
        lambda item: (item["person"].pop("etag"), item["person"].pop("metadata")),
        lambda item: item["person"].update(clientData="x"),
        lambda item: item["person"].update(emailAddresses=5),
    ],
)
def test_an_incomplete_answer_to_a_create_is_in_doubt(world: World, spoil: Callable[[dict[str, Any]], Any]) -> None:
    def garble(request: Request, reply: Reply) -> Reply:
        answer = json.loads(reply.encoded())
        spoil(answer["createdPeople"][2])
        return Reply(200, answer)

    world.wire.fault("garble", path=CREATE, garble=garble)
    assert kinds(world.create(*people(6))) == ["Done", "Done", "InDoubt", "Done", "Done", "Done"]


@pytest.mark.parametrize("answer", [{}, {"updateResult": []}, {"updateResult": {"people/c1": 5}}])
def test_an_incomplete_answer_to_an_update_is_in_doubt(world: World, answer: Any) -> None:
    writes = renames(world, stocked(world, 6))
    world.wire.fault("garble", path=UPDATE, garble=lambda request, reply: Reply(200, answer))
    outcomes = world.side.apply(writes)
    assert kinds(outcomes) == ["InDoubt"] * 6
    assert isinstance(outcomes[0], InDoubt)
    assert isinstance(outcomes[0].error, AmbiguousError)


@pytest.mark.parametrize("count", [2, 10])
def test_a_quota_sends_no_more(make: Callable[..., World], count: int) -> None:
    world = make(retry_after=30)
    world.simulator.quota = Quota(critical_writes=0)
    with world.calls() as calls:
        outcomes = world.create(*people(count))
    assert len(calls) == 1
    for outcome in outcomes:
        assert isinstance(outcome, NotSent)
        assert isinstance(outcome.error, RateLimited)
        assert outcome.error.retry_after == 30


def test_a_server_that_is_not_there_proves_that_nothing_was_sent(world: World) -> None:
    writes = world.creates(*people(10))
    world.source.token()
    world.wire.stop()
    outcomes = world.side.apply(writes)
    assert all(isinstance(outcome, NotSent) and isinstance(outcome.error, Unavailable) for outcome in outcomes)


def test_a_401_proves_that_nothing_was_done(world: World) -> None:
    world.listing()
    world.simulator.expire_access_tokens()
    assert kinds(world.create(*people(10))) == ["Done"] * 10
    assert world.size == 10
    assert world.source.refreshes == 2
    world.simulator.expire_access_tokens()
    world.simulator.revoke(world.tokens.refresh_token)
    outcomes = world.create(*people(10))
    assert all(isinstance(outcome, NotSent) and isinstance(outcome.error, GrantLost) for outcome in outcomes)
    assert world.size == 10


def test_a_401_that_stays_is_the_end(world: World) -> None:
    world.wire.fault("status", path="/v1/", times=None, reply=Reply(401, {"error": {"status": "UNAUTHENTICATED"}}))
    with world.calls() as calls:
        (outcome,) = world.create(*people(1))
    assert len(calls) == 2
    assert isinstance(outcome, NotSent)
    assert isinstance(outcome.error, GrantLost)


def test_a_missing_scope_is_the_end(world: World) -> None:
    error = {"status": "PERMISSION_DENIED", "message": "Request had insufficient authentication scopes."}
    world.wire.fault("status", path="/v1/", reply=Reply(403, {"error": error}))
    outcomes = world.create(*people(10))
    assert all(isinstance(outcome, NotSent) and isinstance(outcome.error, ScopeMissing) for outcome in outcomes)


def test_a_closed_gate_sends_nothing(world: World) -> None:
    writes = world.creates(*people(3))
    world.source.token()

    def closed(timeout: float) -> None:
        raise OutOfTime("the lease ends")

    world.transport._gate = closed
    with world.calls() as calls:
        outcomes = world.side.apply(writes)
    assert calls == []
    assert all(isinstance(outcome, NotSent) and isinstance(outcome.error, OutOfTime) for outcome in outcomes)


def test_messages_hold_nothing_of_the_contact(world: World) -> None:
    secret = contact("secret@example.com", last_name="Secret", title="Secret" * 500)
    (outcome,) = world.create(secret)
    assert isinstance(outcome, Refused)
    assert "Secret" not in repr(outcome)
    assert "Secret" not in str(outcome.error)
