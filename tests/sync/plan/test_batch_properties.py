"""What holds of a whole batch: people with colliding emails and names, linked or not, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.contact.emails import email_keys
from shared.contact.normal import blank_name, same_name
from shared.names import Op, SideName
from shared.side import Done, Record
from shared.sync.link import Link, LinkState
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.model import Action, Candidate, Decision, Env, Step, Subject
from shared.sync.settings import Direction
from shared.sync.settle import settle
from tests.sync.plan.make import GOOGLE, SUGAR, env, gone, google, link, shown, subject, sugar, there, written
from tests.sync.plan.pairs import NOW

MAILS = ("office@x.example", "ann@x.example", "bob@x.example", "cid@x.example")


@dataclass(frozen=True)
class Table:
    """What a batch is planned from."""

    subjects: tuple[Subject, ...]
    candidates: tuple[Candidate, ...]

    def records(self) -> Iterator[tuple[SideName, Record, Link | None]]:
        """Everybody on the table."""
        for each in self.subjects:
            for side in SideName:
                if record := each.half(side).there:
                    yield side, record, each.link
        for candidate in self.candidates:
            yield candidate.side, candidate.record, candidate.link


@st.composite
def people(draw: st.DrawFn) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Emails and values out of few, so that they collide."""
    emails = draw(st.lists(st.sampled_from(MAILS), unique=True, min_size=draw(st.sampled_from([0, 1, 1])), max_size=2))
    values = {
        "first_name": draw(st.sampled_from(["Ann", "Ann", "Bob", ""])),
        "last_name": draw(st.sampled_from(["Lee", "Lee", "-"])),
        "phone_work": draw(st.sampled_from(["", "202-555-0100"])),
        "company": draw(st.sampled_from(["", "", "Engines"])),
    }
    return tuple(emails), values


def known_pair(n: int, one: Record, two: Record, emails: tuple[str, ...], values: dict[str, Any]) -> Link:
    return link(
        values,
        emails,
        id=f"l{n}",
        sugar_id=one.id,
        google_id=two.id,
        versions={SUGAR: one.version, GOOGLE: two.version},
    )


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Three to five people: new on one side or both, linked, deleted on one side, or found beside the batch."""
    subjects: list[Subject] = []
    candidates: list[Candidate] = []
    for n in range(draw(st.integers(3, 5))):
        emails, values = draw(people())
        kind = draw(st.sampled_from(["new", "new", "both", "linked", "linked", "deleted", "beside", "beside, linked"]))
        if kind == "both":
            emails = draw(st.sampled_from([emails, (f"p{n}@x.example",)]))  # so that some of them are certain
        inside = draw(st.sampled_from([True, True, True, False]))
        one = sugar(f"s{n}", *emails, in_scope=inside, **values)
        two = google(f"people/g{n}", *emails, in_scope=inside, **values)
        side = draw(st.sampled_from(SideName))
        record = one if side is SUGAR else two
        if kind == "new":
            halves = (one, None) if side is SUGAR else (None, two)
            subjects.append(subject(*halves, key=f"k{n}"))
        elif kind == "both":
            subjects += [subject(one, None, key=f"k{n}"), subject(None, two, key=f"m{n}")]
        elif kind == "linked":
            subjects.append(subject(one, two, known_pair(n, one, two, emails, values)))
        elif kind == "deleted":
            dead = known_pair(n, one, two, emails, values)
            dead.state, dead.deleted_on = LinkState.TOMBSTONE, side
            left = (gone(one.id), there(two)) if side is SUGAR else (there(one), gone(two.id))
            subjects.append(subject(*left, dead))
        else:
            known = known_pair(n, one, two, emails, values) if kind == "beside, linked" else None
            candidates.append(Candidate(side, record, known))
    return Table(tuple(subjects), tuple(candidates))


switches = st.builds(
    lambda to_google, to_sugar: {"from_sugar": Direction(create=to_google), "from_google": Direction(create=to_sugar)},
    st.sampled_from([True, True, False]),
    st.sampled_from([True, True, False]),
)


def planned(where: Env, table: Table) -> tuple[Decision, ...]:
    return plan_batch(where, table.subjects, table.candidates).decisions


@given(table=tables(), changes=switches)
def test_every_subject_is_answered_for_exactly_once(table: Table, changes: dict[str, Any]) -> None:
    decisions = planned(env(**changes), table)
    answered = Counter(key for decision in decisions for key in (decision.subject.key, *decision.joined))
    assert answered == Counter(each.key for each in table.subjects)


@given(table=tables(), changes=switches)
def test_no_record_is_written_twice_or_linked_twice(table: Table, changes: dict[str, Any]) -> None:
    decisions = planned(env(**changes), table)
    written_to = Counter((step.side, step.id) for each in decisions for step in each.steps if step.id)
    assert all(count == 1 for count in written_to.values()), written_to
    owners = {(side, record.id): link.id for side, record, link in table.records() if link is not None}
    for decision in decisions:
        if decision.link is None:
            continue
        for side in SideName:
            if record := decision.link.id_on(side):
                assert owners.setdefault((side, record), decision.link.id) == decision.link.id, (side, record)


@given(table=tables(), changes=switches)
def test_nobody_is_created_who_may_be_there_already(table: Table, changes: dict[str, Any]) -> None:
    where = env(**changes)
    for decision in planned(where, table):
        if decision.action is not Action.CREATE:
            continue
        [step] = decision.steps
        source = decision.subject.half(step.side.other).there
        assert source is not None
        assert where.direction(step.side.other).create
        mine = shown(where, source)
        for side, record, owner in table.records():
            theirs = shown(where, record)
            if side is step.side and email_keys(mine.emails or ()) & email_keys(theirs.emails or ()):
                assert owner is not None, "an equal email without link is a match, or a question"
                duplicate = blank_name(mine) or blank_name(theirs) or same_name(mine, theirs)
                assert not duplicate


@given(table=tables(), changes=switches)
def test_whoever_is_linked_anew_was_the_only_match_on_both_sides(table: Table, changes: dict[str, Any]) -> None:
    where = env(**changes)
    everyone = [(side, record, email_keys(shown(where, record).emails or ())) for side, record, _ in table.records()]
    fresh = {(side, record.id) for side, record, owner in table.records() if owner is None}
    for decision in planned(where, table):
        if decision.action is not Action.LINK or decision.subject.link is not None:
            continue
        halves = {side: decision.subject.half(side) for side in SideName}
        mails = {
            side: email_keys(shown(where, half.record).emails or ()) for side, half in halves.items() if half.record
        }
        assert mails[SUGAR] & mails[GOOGLE]
        for side in SideName:
            rivals = [
                r.id for s, r, found in everyone if s is side and found & mails[side.other] and (s, r.id) in fresh
            ]
            assert rivals == [halves[side].id]


@given(table=tables(), changes=switches, data=st.data())
def test_the_order_of_subjects_and_candidates_does_not_matter(
    table: Table, changes: dict[str, Any], data: st.DataObject
) -> None:
    where = env(**changes)
    other = Table(
        tuple(data.draw(st.permutations(table.subjects))), tuple(data.draw(st.permutations(table.candidates)))
    )
    one, two = ({each.subject.key: each for each in planned(where, given)} for given in (table, other))
    assert one == two


@given(table=tables(), changes=switches)
def test_once_carried_out_a_second_plan_has_nothing_to_write(table: Table, changes: dict[str, Any]) -> None:
    where = env(**changes)
    then = carried_out(where, table)
    again = [(each.action, step.side, step.op) for each in planned(where, then) for step in each.steps]
    assert again == []


def carried_out(where: Env, table: Table) -> Table:
    """The table after every write has happened: who is linked now is a subject with its link."""
    left = {each.key: each for each in table.subjects}
    subjects: list[Subject] = []
    taken: set[tuple[SideName, str]] = set()
    for decision in planned(where, table):
        results = [(step, Done(_happened(decision, step))) for step in decision.steps]
        stored = decision.subject.link
        out = settle(where, decision, results, NOW, stored)
        records = {side: decision.subject.half(side).there for side in SideName}
        records.update({step.side: done.record for step, done in results})
        known = out.link or stored
        if known is None:
            subjects.append(left[decision.subject.key])
            continue
        one, two = records[SUGAR], records[GOOGLE]
        taken |= {(side, record.id) for side, record in records.items() if record}
        subjects.append(subject(one or gone(known.sugar_id), two or gone(known.google_id), known))
    beside = tuple(each for each in table.candidates if (each.side, each.record.id) not in taken)
    return Table(tuple(subjects), beside)


def _happened(decision: Decision, step: Step) -> Record | None:
    """What the side holds after it; a new record has a name of its own."""
    record = written(step)
    if record is None or step.op is not Op.CREATE:
        return record
    name = f"{record.id}-{decision.subject.key}"
    return replace(record, id=name, native={**record.native, "id": name})
