"""Writes of the older dialect: nothing that it answers is believed, and nothing is sent twice."""

from __future__ import annotations

import pytest

from shared.errors import Forbidden, Rejected, StaleVersion, Unavailable, Vanished
from shared.side import Absent, Done, InDoubt, NotSent, Outcome, Refused
from shared.suitecrm.side import SuiteSide
from tests.older import method_of
from tests.simulators.suitecrm import Switches
from tests.simulators.wire import Reply, Request
from tests.suitecrm.world import World, contact, delete, read, update, world

FAILURE = Reply(500, b"Database failure. Please refer to suitecrm.log for details.", {"Content-Type": "text/html"})


def done(outcome: Outcome) -> Done:
    assert isinstance(outcome, Done), outcome
    return outcome


def made(w: World, side: SuiteSide, *emails: str, **values: str) -> str:
    """A contact of ours in Sugar."""
    write = w.create(side, contact("Ann", "Smith", *emails, **values))
    done(side.apply([write])[0])
    return write.id


def is_write(request: Request) -> bool:
    return method_of(request).startswith("set_")


# -- creating ----------------------------------------------------------------------------------------


def test_a_hundred_creates_take_three_calls(w: World) -> None:
    side = w.side()
    writes = [w.create(side, contact("F", f"L{n}", f"p{n}@x.org", f"q{n}@x.org")) for n in range(100)]
    begun = len(w.wire.log)
    records = [done(each).record for each in side.apply(writes)]
    assert w.calls(begun) == ["set_entries", "set_entries", "get_entry_list"]
    assert [record and record.id for record in records] == [write.id for write in writes]
    assert len(w.sim.contacts()) == 100
    mail = w.sim.get(writes[7].id)["email"]
    assert [(each["email_address"], each["primary_address"]) for each in mail] == [
        ("p7@x.org", True),
        ("q7@x.org", False),
    ]


def test_a_third_address_forces_one_single_call(w: World) -> None:
    side = w.side()
    writes = [w.create(side, contact("F", "L", "a@x.org", "b@x.org", "c@x.org")), w.create(side, contact("G", "M"))]
    begun = len(w.wire.log)
    assert all(isinstance(each, Done) for each in side.apply(writes))
    assert sorted(w.calls(begun)) == ["get_entry_list", "get_entry_list", "set_entry", "set_entry"]
    assert [each["email_address"] for each in w.sim.get(writes[0].id)["email"]] == ["a@x.org", "b@x.org", "c@x.org"]


def test_the_same_create_again_makes_no_second_one(w: World) -> None:
    side = w.side()
    write = w.create(side, contact("Ann", "Smith", "ann@x.org"))
    for _ in range(2):
        assert done(side.apply([write])[0]).record is not None
    assert len(w.sim.contacts()) == 1


def test_a_create_that_lands_late_fails_behind_the_one_sent_again(w: World) -> None:
    side = w.side()
    write = w.create(side, contact("Ann", "Smith", "ann@x.org"))
    w.wire.fault("late", matches=is_write)
    assert isinstance(side.apply([write])[0], InDoubt)
    done(side.apply([write])[0])
    assert w.wire.land() == 1
    assert list(w.sim.contacts()) == [write.id]
    assert len(w.sim.get(write.id)["email"]) == 1


def test_a_create_without_right_is_a_definite_no(w: World) -> None:
    side = w.side()
    w.sim.users[w.me].may_create = False
    alone = side.apply([w.create(side, contact())])
    passed_over = side.apply([w.create(side, contact(last=f"L{n}")) for n in range(2)])
    for outcome in (*alone, *passed_over):
        assert isinstance(outcome, Refused)
        assert isinstance(outcome.error, Forbidden)
    assert not w.sim.contacts()


# -- updating ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("a@x.org",), ("b@x.org",)),
        (("a@x.org", "b@x.org"), ("b@x.org",)),
        (("a@x.org",), ()),
        ((), ("a@x.org", "b@x.org", "c@x.org")),
    ],
)
def test_emails_of_a_contact_change_by_the_form(w: World, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    side = w.side()
    record = read(side, made(w, side, *before))
    outcome = done(side.apply([update(side, record, contact("Ann", "Smith", *after), "emails")])[0])
    assert outcome.edited == frozenset()
    mail = w.sim.get(record.id)["email"]
    assert tuple(each["email_address"] for each in sorted(mail, key=lambda each: not each["primary_address"])) == after


def test_an_opted_out_address_stays_opted_out(w: World) -> None:
    """Also one that so far stood in another contact only: both share its row."""
    side = w.side(scope="all")
    own = w.sim.add(
        by=w.me, last_name="Own", email=[{"email_address": "a@x.org", "primary_address": True, "opt_out": True}]
    )
    other = {"email_address": "b@x.org", "primary_address": True, "opt_out": True, "invalid_email": True}
    other_id = w.sim.add(by=w.me, last_name="Other", email=[other])
    record = read(side, own)
    done(side.apply([update(side, record, contact("", "Own", "a@x.org", "b@x.org"), "emails")])[0])
    for contact_id, flags in ((own, {"a@x.org", "b@x.org"}), (other_id, {"b@x.org"})):
        assert {each["email_address"] for each in w.sim.get(contact_id)["email"] if each["opt_out"]} == flags


def test_what_changed_since_the_plan_is_left_alone(w: World) -> None:
    side = w.side()
    record = read(side, made(w, side, "a@x.org"))
    w.sim.edit(record.id, email=["c@x.org"], touch=False)  # emails move no date
    (outcome,) = side.apply([update(side, record, contact("Ann", "Smith", title="New"), "title")])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, StaleVersion)
    assert w.sim.get(record.id)["title"] == ""


def test_an_update_of_what_is_gone_is_no_success(w: World) -> None:
    """Sugar answers 200 and the id (141)."""
    side = w.side()
    record = read(side, made(w, side))
    write = update(side, record, contact("Ann", "Smith", title="New"), "title")

    def meanwhile(request: Request, _: str) -> None:
        if is_write(request):
            w.wire.on_call = None
            w.sim.remove(record.id)

    w.wire.on_call = meanwhile
    (outcome,) = side.apply([write])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, Vanished)


def test_what_sugar_did_not_take_is_no_success(w: World) -> None:
    side = w.side()
    record = read(side, made(w, side, title="Old"))
    write = update(side, record, contact("Ann", "Smith", title="New", department="D"), "title", "department")

    def meanwhile(request: Request, when: str) -> None:
        if is_write(request) and when == "after":
            w.wire.on_call = None
            w.sim.edit(record.id, title="Old")  # as a hook of the instance does that puts a field back

    w.wire.on_call = meanwhile
    (outcome,) = side.apply([write])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, Rejected)
    assert outcome.error.field == "title"


def test_an_edit_right_after_the_write_is_told_apart_from_a_rendering(w: World) -> None:
    side = w.side()
    record = read(side, made(w, side))
    target = contact("Ann", "Smith", title="Head <b>of</b> 😀", department="Sales")

    def meanwhile(request: Request, when: str) -> None:
        if is_write(request) and when == "after":
            w.wire.on_call = None
            w.sim.edit(record.id, department="Purchase")

    w.wire.on_call = meanwhile
    outcome = done(side.apply([update(side, record, target, "title", "department")])[0])
    assert outcome.edited == {"department"}


# -- deleting ----------------------------------------------------------------------------------------


def test_deletes_go_together_and_are_proven(w: World) -> None:
    side = w.side()
    records = [read(side, made(w, side)) for _ in range(3)]
    begun = len(w.wire.log)
    assert side.apply([delete(record) for record in records]) == [Done(None)] * 3
    assert w.calls(begun) == ["set_entries", "get_entry_list"]
    assert side.read([records[0].id]) == {records[0].id: Absent(proven=True)}


def test_a_delete_without_right_is_a_definite_no(w: World) -> None:
    side = w.side()
    records = [read(side, made(w, side)) for _ in range(2)]
    w.sim.users[w.me].may_delete = False
    for writes in (records[:1], records):
        for outcome in side.apply([delete(record) for record in writes]):
            assert isinstance(outcome, Refused)
            assert isinstance(outcome.error, Forbidden)


# -- what fails --------------------------------------------------------------------------------------


def test_one_that_the_database_refuses_does_not_stop_the_others(w: World) -> None:
    """``set_entries`` stops there without a word (126, 127)."""
    side = w.side()
    writes = [w.create(side, contact("F", f"L{n}")) for n in range(10)]
    poison = {writes[4].id}
    w.wire.fault(
        "status", times=None, reply=FAILURE, matches=lambda r: is_write(r) and any(p in r.body.decode() for p in poison)
    )
    outcomes = side.apply(writes)
    assert [type(each) for each in outcomes] == [Done] * 4 + [Refused] + [Done] * 5
    assert len(w.sim.contacts()) == 9


def test_an_update_that_failed_is_not_taken_for_done(w: World) -> None:
    """Although the contact, never modified since it was created, lacks the value in both cases."""
    side = w.side()
    records = [read(side, made(w, side)) for _ in range(2)]
    poison = records[0].id
    w.wire.fault(
        "status", times=None, reply=FAILURE, matches=lambda r: is_write(r) and poison in r.form_lists()["rest_data"][0]
    )
    outcomes = side.apply([update(side, record, contact(title="New"), "title") for record in records])
    assert [type(each) for each in outcomes] == [Refused, Done]
    assert w.sim.get(poison)["title"] == ""


def test_a_server_that_fails_with_everything_blames_no_contact(w: World) -> None:
    side = w.side()
    w.wire.fault("status", times=None, reply=FAILURE, matches=is_write)
    begun = len(w.wire.log)
    outcomes = side.apply([w.create(side, contact("F", f"L{n}")) for n in range(50)])
    assert all(isinstance(each, NotSent) and isinstance(each.error, Unavailable) for each in outcomes)
    assert len(w.calls(begun)) < 20


@pytest.mark.parametrize("kind", ["cut_after", "cut_before", "late"])
def test_without_an_answer_all_of_a_call_is_in_doubt_and_the_rest_not_sent(w: World, kind: str) -> None:
    side = w.side(bulk_size=5)
    w.wire.fault(kind, matches=is_write, skip=1)
    outcomes = side.apply([w.create(side, contact("F", f"L{n}")) for n in range(15)])
    kinds = [type(each) for each in outcomes]
    assert kinds == [Done] * 5 + [InDoubt] * 7 + [NotSent] * 3 or kinds == [Done] * 5 + [InDoubt] * 5 + [NotSent] * 5


@pytest.mark.parametrize("status", [500, 502, 504])
def test_behind_a_gateway_that_fails_the_server_may_still_be_at_work(w: World, status: int) -> None:
    side = w.side()
    w.wire.fault("status", reply=Reply(status, b"<html>Bad Gateway</html>", {}), matches=is_write)
    outcomes = side.apply([w.create(side, contact("F", f"L{n}")) for n in range(3)])
    assert all(isinstance(each, InDoubt) for each in outcomes)


def test_what_cannot_be_read_back_is_in_doubt(w: World) -> None:
    side = w.side()
    w.wire.fault("status", reply=Reply(503, b"", {}), matches=lambda r: method_of(r) == "get_entry_list")
    (outcome,) = side.apply([w.create(side, contact())])
    assert isinstance(outcome, InDoubt)


@pytest.mark.parametrize("body", [b"null", b"", b"<html>", b"[]", b'{"ids": "x"}', b'{"id": 7}'])
def test_whatever_the_answer_is_the_read_decides(w: World, body: bytes) -> None:
    side = w.side()
    w.wire.fault(
        "garble", matches=is_write, garble=lambda _, reply: Reply(200, body, {"Content-Type": "application/json"})
    )
    write = w.create(side, contact())
    (outcome,) = side.apply([write])
    assert isinstance(outcome, Done | InDoubt)
    assert write.id in w.sim.contacts()


def test_a_session_that_ends_in_the_middle_is_begun_anew(w: World) -> None:
    side = w.side(bulk_size=5)

    def meanwhile(request: Request, when: str) -> None:
        if is_write(request) and when == "before":
            w.wire.on_call = None
            w.sim.revoke()

    w.wire.on_call = meanwhile
    begun = len(w.wire.log)
    outcomes = side.apply([w.create(side, contact("F", f"L{n}")) for n in range(3)])
    assert all(isinstance(each, Done) for each in outcomes)
    assert w.calls(begun) == ["set_entries", "login", "set_entries", "get_entry_list"]
    assert len(w.sim.contacts()) == 3


def test_against_every_answer_that_is_not_known() -> None:
    for switches in Switches.all_variants():
        with world(switches) as w:
            side = w.side()
            writes = [w.create(side, contact("Ann", f"S{n} 😀", f"a{n}@x.org")) for n in range(3)]
            records = [done(each).record for each in side.apply(writes)]
            assert all(records), switches
            w.clock.advance(2000)  # the session is over
            target = contact("Ann", "S0 😀", "new@x.org", "a0@x.org")
            outcome = done(side.apply([update(side, read(side, writes[0].id), target, "emails")])[0])
            assert outcome.edited == frozenset(), switches
            assert len(w.sim.get(writes[0].id)["email"]) == 2
