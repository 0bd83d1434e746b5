"""Who may be the same person as somebody in the batch: found in the index and by looking up, read fresh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from shared.contact.emails import email_keys
from shared.contact.fields import EMAILS, PHONE_SLOTS
from shared.contact.terms import email_term, key_term, phone_term, terms
from shared.names import SideName
from shared.side import Probe, Record, Side
from shared.sync.batch import Batch
from shared.sync.index import Index
from shared.sync.links import Links
from shared.sync.paths import record_of
from shared.sync.plan.match import Alone, Table
from shared.sync.plan.model import Candidate, Env, Subject
from shared.sync.queue import Queue
from shared.sync.reading import Reader

_CROWD = "too many contacts have the same email or name to tell who is who"
_UNREAD = "a contact that may be the same one cannot be read"
_WHO = ("first_name", "last_name", EMAILS)
_CANDIDATES = 3
"""Times the batch: so many candidates of all subjects together are read on a side."""
_MOST_HEIRS = 20
"""Of one contact. Who has its key or its email goes before who shares no more than a phone, as whole offices do."""
_ROUNDS = 3


class CandidateSearch:
    """Completes a batch whose subjects have been read."""

    def __init__(
        self,
        sides: Mapping[SideName, Side],
        reader: Reader,
        index: Index,
        links: Links,
        queue: Queue,
        env: Env,
        most: int,
    ) -> None:
        self._sides = sides
        self._queue = queue
        self._reader = reader
        self._index = index
        self._links = links
        self._env = env
        self._most = most

    def by_index(self, batch: Batch) -> None:
        """Everybody who shares an email with somebody in question, in rounds, until nobody new turns up."""
        loose = [s for s in batch.subjects if s.link is None and _open(s) is not None]
        gone = [s for s in batch.subjects if s.vanished is not None]
        known = {(side, s.half(side).id) for s in batch.subjects for side in SideName if s.half(side).id}
        frontier = {side: {r.id: r for s in loose if (r := s.half(side).there)} for side in SideName}
        heirs = self._heirs(gone, known)
        for chosen, record_id in _chosen(loose):
            if (chosen, record_id) not in known:
                heirs[chosen].add(record_id)
        for _ in range(_ROUNDS):
            wanted = self._sharing(frontier, known)
            self._crowds(batch, wanted)
            for side in SideName:
                wanted[side] |= heirs[side]
            heirs = {side: set() for side in SideName}
            if not any(wanted.values()):
                break
            self._reader.read(wanted)
            fresh = {side: self._reader.present(side, wanted[side]) for side in SideName}
            known |= {(side, record) for side in SideName for record in wanted[side]}
            frontier = self._admit(batch, fresh)
        self._unread(batch)

    def _crowds(self, batch: Batch, wanted: dict[SideName, set[str]]) -> None:
        """Where too many share an email (or a name) to read them all, nobody among them is matched or created.

        Who was left out might have been the one match, so leaving out silently would double contacts.
        """
        for side in SideName:
            most = _CANDIDATES * self._most
            if len(wanted[side]) <= most:
                continue
            left_out = set(sorted(wanted[side])[most:])
            wanted[side] -= left_out
            self._doubt(batch, side, left_out, _CROWD)

    def _unread(self, batch: Batch) -> None:
        """Who shares a term with an unlinked record whose names or emails cannot be read is not matched or created.

        The index says that they may be one; what cannot be read is not somebody else.
        """
        known = [(side, s.half(side).there) for s in batch.subjects if s.link is None for side in SideName]
        known += [(c.side, c.record) for c in batch.candidates if c.link is None]
        for side in SideName:
            unread = {r.id for where, r in known if where is side and r is not None and not self._tells(side, r)}
            if unread:
                self._doubt(batch, side, unread, _UNREAD)

    def _tells(self, side: SideName, record: Record) -> bool:
        """Whether a record says who it is."""
        view = self._env.fields[side].view(record.native, {}, None)
        return not any(problem.field in _WHO for problem in view.problems)

    def _doubt(self, batch: Batch, side: SideName, records: set[str], why: str) -> None:
        """Marks those who share a term with one of these."""
        for n, subject in enumerate(batch.subjects):
            own = _open(subject)
            record = subject.half(own).there if own is not None else None
            if subject.link is not None or own is None or record is None:
                continue
            others = records - {record.id} if own is side else records
            if others & self._index.find(side, self._terms(own, record)):
                batch.subjects[n] = replace(subject, unsure=why)

    def _admit(self, batch: Batch, fresh: Mapping[SideName, Mapping[str, Record]]) -> dict[SideName, dict[str, Record]]:
        """Takes these in as candidates; those without link are followed further."""
        further: dict[SideName, dict[str, Record]] = {side: {} for side in SideName}
        for side in SideName:
            records = [self._named(side, name, record) for name, record in fresh[side].items()]
            links = self._links.of(side, [name for record in records for name in (record.id, *record.previous_ids)])
            planted = self._links.get({key for record in records for key in record.planted})
            untold = self._untold(side, fresh[side])
            for record in records:
                # A link may not have followed it yet to the name that it goes by now, or into which it was merged.
                known = [links.get(name) for name in (record.id, *record.previous_ids)]
                known += [planted.get(key) for key in record.planted]
                link = next((each for each in known if each is not None), None)
                batch.candidates.append(Candidate(side, record, link, doubt=link is None and record.id in untold))
                if link is None:
                    further[side][record.id] = record
        return further

    def _named(self, side: SideName, name: str, record: Record) -> Record:
        """The record, with all names that it has had: that it was asked by, and those that only the feed told of.

        Its link, and what stands of it in the backlog, is found by them until its own turn has come.
        """
        known = dict.fromkeys((*record.previous_ids, name, *self._queue.former(side, record.id)))
        known.pop(record.id, None)
        return replace(record, previous_ids=tuple(known))

    def _untold(self, side: SideName, fresh: Mapping[str, Record]) -> set[str]:
        """Those by whose names nothing but a read has told of them: they may be another contact's."""
        if side is SideName.SUGAR:
            return set()
        renamed = {record.id for name, record in fresh.items() if record.id != name}
        return (renamed - self._index.told(side, renamed)) | self._index.untold(side, {*fresh})

    def _terms(self, side: SideName, record: Record) -> set[str]:
        view = self._env.fields[side].view(record.native, {}, None)
        return {term for term in terms(view.contact, self._env.settings.region) if not term.startswith("p:")}

    def _sharing(
        self, frontier: Mapping[SideName, Mapping[str, Record]], known: set[tuple[SideName, str]]
    ) -> dict[SideName, set[str]]:
        """Ids that the index has under the emails of these; under their names only where an email is missing."""
        by_mail: set[str] = set()
        nameless_mail: set[str] = set()
        names: set[str] = set()
        for side in SideName:
            for record in frontier[side].values():
                found = self._terms(side, record)
                mail = {term for term in found if term.startswith("e:")}
                by_mail |= mail
                names |= found - mail
                if not mail:
                    nameless_mail |= found
        wanted: dict[SideName, set[str]] = {}
        for side in SideName:
            ids = self._index.find(side, by_mail | nameless_mail, bare=names)
            wanted[side] = {record for record in ids if (side, record) not in known}
        return wanted

    def _heirs(self, gone: Iterable[Subject], known: set[tuple[SideName, str]]) -> dict[SideName, set[str]]:
        """Where the emails and phones of vanished contacts may stand now."""
        region = self._env.settings.region
        wanted: dict[SideName, set[str]] = {side: set() for side in SideName}
        for subject in gone:
            side, link = subject.vanished, subject.link
            if side is None or link is None:
                continue
            sure = {key_term(link.id), *(email_term(key) for key in link.base_emails or ())}
            likely = {t for slot in PHONE_SLOTS if (t := phone_term(link.base.get(slot, ""), region))}
            ids = dict.fromkeys(sorted(self._index.find(side, sure)) + sorted(self._index.find(side, likely)))
            wanted[side] |= set([record for record in ids if (side, record) not in known][:_MOST_HEIRS])
        return wanted

    def look_up(self, batch: Batch) -> None:
        """Asks a side itself about those who would otherwise be created there; what people have told of the candidates
        so far is known.

        Google's index knows all contacts; Sugar's knows those in scope, so the others are looked up, all in one call.
        Whoever shares an email without being the same person (an office's address) is no reason to look no further.
        What a read has missed and a search finds is no less a candidate.
        """
        loose = [s for s in batch.subjects if s.link is None and _open(s) is not None]
        if not loose:
            return
        known = {(side, r.id) for s in batch.subjects for side in SideName if (r := s.half(side).there)}
        known |= {(candidate.side, candidate.record.id) for candidate in batch.candidates}
        table = Table(self._env, batch.subjects, batch.candidates)
        for source in SideName:
            side = source.other
            if not (self._env.direction(source).create and self._env.listed[side] and self._env.listed[source]):
                continue
            probes: list[Probe] = []
            for subject in loose:
                record = subject.half(source).there
                if record is None or not record.in_scope or side in subject.blocked:
                    continue
                if isinstance(table.match(table.person(source, record.id)), Alone):
                    contact = self._env.fields[source].view(record.native, {}, None).contact
                    emails = tuple(sorted(email_keys(contact.emails or ())))
                    probes.append(Probe(emails, contact.get("first_name"), contact.get("last_name")))
            batch.looked_up += len(probes)
            found = self._sides[side].find(probes) if probes else []
            new = {r.id: r for r in found if (side, r.id) not in known}
            if new:
                self._reader.pool[side].update(new)
                known |= {(side, record) for record in new}
                further = self._admit(batch, {side: new, source: {}})
                rivals = self._sharing(further, known)
                self._reader.read(rivals)
                fresh = {s: self._reader.present(s, rivals[s]) for s in SideName}
                known |= {(s, record) for s in SideName for record in rivals[s]}
                self._admit(batch, fresh)


def _chosen(subjects: Iterable[Subject]) -> list[tuple[SideName, str]]:
    """Whom a person has chosen, whatever the index knows."""
    answers = [subject.answer for subject in subjects]
    return [
        record_of(name)
        for answer in answers
        if answer is not None and answer.remedy.action == "choose"
        for name in answer.remedy.candidates
    ]


def _open(subject: Subject) -> SideName | None:
    return next((side for side in SideName if subject.half(side).there), None)
