"""Edits: both sides agree, and each value that a user typed in is live, was overwritten, or is in history."""

from __future__ import annotations

from shared.names import SideName
from shared.sync.link import Link
from tests.demo.oracle import leaves
from tests.prove.machine.fields import (
    FIELDS,
    digits,
    emails_of,
    google_values,
    is_phone,
    one_place,
    same,
    tag_of,
    value_of,
)
from tests.prove.machine.oracle.scene import Scene
from tests.prove.machine.windows import Claim


def check_edits(scene: Scene) -> None:
    memory = scene.story.memory
    for link in scene.links:
        if not scene.there(link):
            continue
        tags = {side: tag_of(side, scene.records[side][link.id_on(side)]) for side in SideName}
        tag = tags[SideName.SUGAR]
        if not scene.takes_part(link) or tag != tags[SideName.GOOGLE]:
            for each in tags.values():
                memory.disagree(each)
            continue
        for name in FIELDS:
            _field(scene, link, tag, name)
        _emails(scene, link, tag)
    _nothing_lost(scene)


def _field(scene: Scene, link: Link, tag: str, name: str) -> None:
    story, memory = scene.story, scene.story.memory
    google = scene.records[SideName.GOOGLE][link.id_on(SideName.GOOGLE)]
    if (tag, name) in memory.several or not one_place(google, name):
        memory.agreed.pop((tag, name), None)
        return
    shown = {side: same(name, value_of(side, scene.records[side][link.id_on(side)], name)) for side in SideName}
    value = shown[SideName.SUGAR]
    # A phone or an address of another kind may be the one that is synced, since values pair before kinds do.
    others = {same(name, each) for each in google_values(google, name)} if name == "city" or is_phone(name) else set()
    equal = value == shown[SideName.GOOGLE] or (value != "" and value in others)
    both = scene.settings.from_sugar.update and scene.settings.from_google.update
    typed = memory.recent.get((tag, name), [])
    where = f"{tag} {name}: {shown}, base {link.base.get('primary_city' if name == 'city' else name)!r}, typed {typed}"
    if both:
        kept = ("primary_city" if name == "city" else name) in link.apart
        story.claim(equal or kept, Claim.DIVERGED, where)
    before = memory.agreed.get((tag, name))
    if before is not None:
        sides = {edit.side for edit in typed}
        if len(sides) == 1:
            last = typed[-1]
            mine = shown[last.side]
            story.claim(mine == same(name, last.value), Claim.LOST_EDIT, f"not where it was typed in: {where}", tag)
            delivered = equal or not scene.direction(last.side).update
            story.claim(delivered, Claim.LOST_EDIT, f"did not arrive: {where}", tag)
        elif not sides and equal:
            story.claim(value == before, Claim.CHANGED, f"it was {before!r}: {where}", tag)
    if equal:
        memory.agreed[tag, name] = value
    else:
        memory.agreed.pop((tag, name), None)


def _emails(scene: Scene, link: Link, tag: str) -> None:
    story, memory = scene.story, scene.story.memory
    shown = {side: emails_of(side, scene.records[side][link.id_on(side)]) for side in SideName}
    equal = shown[SideName.SUGAR] == shown[SideName.GOOGLE]
    both = scene.settings.from_sugar.update and scene.settings.from_google.update
    if both:
        alike = {frozenset(shown[side] - set(link.apart_emails.get(side, ()))) for side in SideName}
        where = f"{tag} emails: {shown}, base {link.base_emails}, kept apart {link.apart_emails}"
        story.claim(len(alike) == 1, Claim.DIVERGED, where)
    for address, edit in [(key[1], edit) for key, edit in memory.mail.items() if key[0] == tag]:
        if edit.added:
            kept = address in shown[edit.side]
            story.claim(kept, Claim.LOST_EDIT, f"{tag} {address}, added in {edit.side}, is gone", tag)
        elif edit.known and both:
            gone = not any(address in emails for emails in shown.values())
            story.claim(gone, Claim.LOST_EDIT, f"{tag} {address}, removed in {edit.side}, is back", tag)
    if equal:
        memory.mail_agreed[tag] = set(shown[SideName.SUGAR])
    else:
        memory.mail_agreed.pop(tag, None)


def _nothing_lost(scene: Scene) -> None:
    """Also where the contact was deleted by the sync: then its image in history has the value."""
    memory = scene.story.memory
    texts = list(leaves(scene.story.user.history()))
    history = "\n".join(texts).casefold()
    # As each side writes it: a number may stand there with its country's code or without.
    phones = {digits(text) for text in texts}
    for (tag, name, side), value in memory.last.items():
        if not value or tag in memory.unclear or tag in memory.restored or side in memory.gone[tag]:
            continue
        live: set[str] = set()
        for each in SideName:
            for record in scene.by_tag[each].get(tag, ()):
                native = scene.records[each][record]
                found = [value_of(each, native, name)]
                if each is SideName.GOOGLE:
                    found += google_values(native, name)
                    found += [phone["value"] for phone in native.get("phoneNumbers", ()) if is_phone(name)]
                live |= {same(name, text) for text in found}
        told = value.casefold() in history or (is_phone(name) and digits(value) in phones)
        kept = same(name, value) in live or told
        scene.story.claim(kept, Claim.LOST_EDIT, f"{tag} {name} {value!r} of {side}: not live, not in history", tag)
