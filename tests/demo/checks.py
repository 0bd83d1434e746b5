"""The check at the end: every promise, held against what the two sides hold themselves."""

from __future__ import annotations

from collections import Counter

from shared.sync.link import LinkState
from shared.sync.report import Status
from tests.demo import oracle
from tests.demo.cast import Json, Person
from tests.demo.screen import Screen
from tests.demo.stage import SIDES, Batch, Edit, Stage, writes

NEW_ONE_WAY, MIXED, QUIET = 10, 20, 2
"""Calls to both sides together: a batch of new contacts in one direction, any batch, a run with nothing to do."""
DOCUMENTS, WITH_CLAIM, QUIET_DOCUMENTS = 2.2, 3.2, 2
HELD = ("shared email", "no name", "web form")
"""People in the backlog from beginning to end: they never reach the other side."""
_LARGE = 50
"""Contacts of a batch from which on its documents are counted by contact."""


def check(stage: Stage) -> None:
    """Holds every promise against the truth; they are noted on the stage."""
    sugar, google = stage.sugar(), stage.google()
    agree(stage, sugar, google)
    everybody(stage, sugar, google)
    private(stage, google)
    flags(stage, sugar)
    edits(stage, sugar, google)
    deletes(stage)
    backlog(stage)
    costs(stage)
    rest(stage, sugar, google)


def show(screen: Screen, stage: Stage) -> bool:
    """The verdict, promise by promise; whether all were kept."""
    rows = [("FAILED" if each.wrong else "ok", each.text, each.found) for each in stage.promises]
    screen.table(("", "promise", "checked"), rows, (6, 62, 0))
    for each in stage.promises:
        for wrong in each.wrong[:5]:
            screen.line(f"FAILED: {each.text}: {wrong[:300]}")
        if len(each.wrong) > 5:
            screen.line(f"        ... and {len(each.wrong) - 5} more")
    return not any(each.wrong for each in stage.promises)


# -- the promises ------------------------------------------------------------------------------------


def agree(stage: Stage, sugar: dict[str, Json], google: dict[str, Json]) -> None:
    """Every linked pair is one person, and says the same on both sides."""
    wrong: list[str] = []
    compared = 0
    for link in stage.user.links():
        if link.state is LinkState.TOMBSTONE or link.both_gone_at or link.parked:
            continue
        here, there = sugar.get(link.sugar_id), google.get(link.google_id)
        if here is None or there is None:
            wrong.append(f"link {link.id} leads nowhere")
            continue
        one, two = stage.who(here), stage.who(there)
        if one is None or one is not two:
            wrong.append(f"{_called(one)} is linked to {_called(two)}")
            continue
        compared += 1
        wrong += [f"{one.name}: {what}" for what in oracle.differences(here, there, one.private)]
    wanted = sum(len(person.sides) == 2 and person.role != "shared email" for person in stage.cast)
    if compared != wanted:
        wrong.append(f"{compared} pairs, not {wanted}")
    stage.promise("both sides agree, field by field", f"{compared} pairs, by an independent reading", wrong)


def everybody(stage: Stage, sugar: dict[str, Json], google: dict[str, Json]) -> None:
    """Everybody lives where they should, once; nobody else does."""
    lost: list[str] = []
    doubled: list[str] = []
    for side, records in (("sugar", sugar), ("google", google)):
        found = Counter(id(person) if (person := stage.who(record)) else 0 for record in records.values())
        if found[0]:
            doubled.append(f"{found[0]} contacts in {side.title()} belong to nobody")
        for person in stage.cast:
            count, wanted = found[id(person)], int(side in person.sides)
            if count < wanted:
                lost.append(f"{person.name} is not in {side.title()}")
            elif count > wanted:
                doubled.append(f"{person.name} is in {side.title()} {count} times instead of {wanted}")
        entered = sum(getattr(person, side) is not None for person in stage.cast)
        came = sum(getattr(person, side) is None and person.role not in HELD for person in stage.cast)
        if (ever := stage.ever(side)) != entered + came:
            doubled.append(
                f"{side.title()} has had {ever} contacts, not {entered} that were entered and {came} new ones"
            )
    stage.promise("no contact is lost", f"{len(sugar)} in Sugar, {len(google)} in Google", lost)
    stage.promise("no contact is doubled, none came back", f"{len(stage.cast)} people, once a side at most", doubled)


def private(stage: Stage, google: dict[str, Json]) -> None:
    """What the user keeps in Google alone is as it was entered."""
    wrong: list[str] = []
    entries = labelled = 0
    for person in stage.cast:
        now = google.get(person.google_id)
        if person.google is None or now is None:
            continue
        for name, wanted in person.private.items():
            for entry in wanted:
                entries += 1
                if sum(oracle.holds(each, entry) for each in now.get(name) or ()) != 1:
                    wrong.append(f"{person.name}: {entry} is not among the {name} any more")
        labelled += bool(person.labels)
        if now.get("memberships") != stage.before[person.google_id].get("memberships"):
            wrong.append(f"{person.name}: labels {now.get('memberships')}")
    found = f"{entries} private entries, labels of {labelled} people"
    stage.promise("private phones, dates, custom fields and labels are untouched", found, wrong)


def flags(stage: Stage, sugar: dict[str, Json]) -> None:
    """What Google has no place for is in Sugar as it was entered."""
    wrong: list[str] = []
    count = 0
    for person in stage.cast:
        now = sugar.get(person.sugar_id)
        if person.sugar is None or now is None:
            continue
        if (now.get("lead_source") or "") != person.sugar.get("lead_source", ""):
            wrong.append(f"{person.name}: lead source {now.get('lead_source')!r}")
        flags = {each["email_address"]: bool(each["opt_out"]) for each in now["email"]}
        for each in person.sugar["email"]:
            opted_out = (person.sugar_id, each["email_address"]) in stage.opted_out
            count += opted_out
            if flags.get(each["email_address"]) != opted_out:
                wrong.append(f"{person.name}: opt-out of {each['email_address']}")
    stage.promise("opt-outs and other fields of Sugar's own are untouched", f"{count} opt-outs kept", wrong)


def edits(stage: Stage, sugar: dict[str, Json], google: dict[str, Json]) -> None:
    """Every edit is live on both sides, or stands in the history as the loser of a conflict."""
    wrong: list[str] = []
    losers = 0
    for edit in stage.edits:
        here, there = sugar.get(edit.person.sugar_id), google.get(edit.person.google_id)
        if here is None or there is None:
            if not edit.person.deleted:
                wrong.append(f"{edit.person.name}: {edit.value!r} went with the contact")
            continue
        wrong += _edit(stage, edit, here, there)
        losers += not edit.lives
    found = f"{len(stage.edits) - losers} live on both sides, {losers} in the history"
    stage.promise("every edit is live, or in the history as a loser", found, wrong)


def _edit(stage: Stage, edit: Edit, here: Json, there: Json) -> list[str]:
    if not edit.lives:
        lost = {str(item["loser"]) for row in stage.rows_of(edit.person) for item in row["fields"] if item["loser"]}
        return [] if edit.value in lost else [f"{edit.person.name}: {edit.value!r} lost, and not in the history"]
    wrong = []
    for side, record in (("Sugar", here), ("Google", there)):
        if not oracle.shows(record, edit.value):
            wrong.append(f"{edit.person.name}: {edit.value!r}, entered in {edit.side.title()}, is not in {side}")
        if edit.instead_of and edit.instead_of != edit.value and oracle.shows(record, edit.instead_of):
            wrong.append(f"{edit.person.name}: the old {edit.instead_of!r} is still in {side}")
    return wrong


def deletes(stage: Stage) -> None:
    """What was deleted can be read in the history to its last private phone."""
    wrong: list[str] = []
    gone = [person for person in stage.cast if person.deleted]
    for person in gone:
        images = [
            (side, native["before"])
            for row in stage.rows_of(person)
            for side, native in row["native"].items()
            if native["after"] is None and native["before"] is not None
        ]
        if len(images) != 1 or stage.who(images[0][1]) is not person:
            wrong.append(f"{person.name}: {len(images)} last images")
        elif images[0][0] == "google":
            entries = [entry for found in person.private.values() for entry in found]
            kept = [each for found in images[0][1].values() if isinstance(found, list) for each in found]
            wrong += [
                f"{person.name}: {entry} is not in the history"
                for entry in entries
                if not any(isinstance(each, dict) and oracle.holds(each, entry) for each in kept)
            ]
    stage.promise("what a delete took away is in the history, complete", f"{len(gone)} deleted contacts", wrong)


def backlog(stage: Stage) -> None:
    """Exactly the contacts that need a person wait for one, each for its own reason."""
    entries = stage.user.backlog()
    found = Counter((str(doc.data["class"]), _called(stage.about(doc))) for doc in entries)
    wanted = Counter((trouble.value, _called(person)) for trouble, person in stage.expected)
    wrong = [f"unexpected: {trouble}: {who}" for trouble, who in (found - wanted).elements()]
    wrong += [f"missing: {trouble}: {who}" for trouble, who in (wanted - found).elements()]
    wrong += [f"{doc.id}: no remedy" for doc in entries if not all(e["remedy"] for e in doc.data["entries"])]
    stage.promise("the backlog holds what needs a person, and nothing else", f"{len(entries)} entries", wrong)


def costs(stage: Stage) -> None:
    """Calls and documents stay within their bounds."""
    one_way = [batch for batch in stage.batches if len(_new(batch)) == 1 and batch.report.writes == sum(_new(batch))]
    calls = [f"{sum(b.calls.values())} calls for {b.report.counts}" for b in one_way if _calls(b) > NEW_ONE_WAY]
    largest = max(one_way, key=lambda batch: batch.report.writes, default=None)
    if largest is None:
        calls.append("there was no such batch")
    else:
        text = f"a batch of new contacts in one direction: {NEW_ONE_WAY} calls at most"
        stage.promise(text, f"{largest.report.writes} new with {_calls(largest)} calls", calls)
    bound = {id(batch): MIXED + batch.forced for batch in stage.batches}
    many = [f"{_calls(b)} calls for {b.report.counts}" for b in stage.batches if _calls(b) > bound[id(b)]]
    most = max(map(_calls, stage.batches))
    forced = max(batch.forced for batch in stage.batches)
    text = f"{most} calls at most" + (f", {forced} of them forced by emails" if forced else "")
    stage.promise(f"any batch, both directions: {MIXED} calls at most", text, many)
    wrong = []
    for batch in (each for each in stage.batches if each.report.contacts >= _LARGE):
        claimed = batch.report.counts.get("create sugar", 0)
        most_documents = DOCUMENTS * batch.report.contacts + (WITH_CLAIM - DOCUMENTS) * claimed
        if batch.documents > most_documents:
            wrong.append(f"{batch.documents} documents for {batch.report.counts}")
    plain, new = documents(stage)
    text = f"documents written per contact: {DOCUMENTS} at most, {WITH_CLAIM} with a claim"
    stage.promise(text, f"{plain:.2f} and {new:.2f}", wrong)


def documents(stage: Stage) -> tuple[float, float]:
    """The most documents per contact that a large batch wrote: without new contacts in Sugar, and with nothing else."""
    plain, new = [0.0], [0.0]
    for batch in (each for each in stage.batches if each.report.contacts >= _LARGE):
        share = batch.documents / batch.report.contacts
        (new if batch.report.counts.get("create sugar") else plain).append(share)
    return max(plain), max(new)


def rest(stage: Stage, sugar: dict[str, Json], google: dict[str, Json]) -> None:
    """A further run writes nothing anywhere."""
    marks = {side: len(stage.log(side)) for side in SIDES}
    batch = stage.measured(stage.user.run)
    wrong = writes([call for side in SIDES for call in stage.log(side)[marks[side] :]])
    if batch.report.status is not Status.DONE or batch.report.writes or batch.report.remaining:
        wrong.append(f"{batch.report.status} {batch.report.message} {batch.report.counts}")
    if stage.sugar() != sugar or stage.google() != google:
        wrong.append("a contact changed")
    calls = _calls(batch)
    if calls != QUIET or batch.documents > QUIET_DOCUMENTS:
        wrong.append(f"it took {calls} calls and wrote {batch.documents} documents")
    text = f"a further run writes to neither side, with {QUIET} calls"
    stage.promise(text, f"0 writes, {calls} calls, {batch.documents} documents", wrong)
    overlapping, crashes = stage.user.account.overlapping_writes, len(stage.world.sugar.crashes)
    bad = [f"{overlapping} overlapping writes, {crashes} crashes"] if overlapping or crashes else []
    stage.promise("Google's writes came one after the other", "none overlapped", bad)


def _new(batch: Batch) -> list[int]:
    """New contacts by direction, such as there were."""
    return [count for name, count in batch.report.counts.items() if name.startswith("create ") and count]


def _calls(batch: Batch) -> int:
    return sum(batch.calls.values())


def _called(person: Person | None) -> str:
    return person.name if person else "nobody known"
