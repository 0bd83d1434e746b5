"""What becomes of a linked contact: the decision table of a pair's states.

=========  =========================  =========================  ============================================
link       Sugar                      Google                     action
=========  =========================  =========================  ============================================
in doubt   any                        any                        WAIT: a write of an earlier run may yet happen
any        gone                       gone                       CLOSE: tombstone of both, backlog entry goes
any        missing                    gone                       CLOSE likewise
parked     any other                  any                        NOTHING: quarantined
any        (any)                      missing, not gone          WAIT for a tombstone or a complete listing
tombstone  both there again           —                          REVIVE: live, merged with its base
tombstone  anything else              —                          NOTHING
any other  missing                    present                    PARK "gone from Sugar"
live       present, in scope          present, in scope          merge: UPDATE, LINK or NOTHING
live       one out of its scope       present                    FREEZE (or DELETE the other's, if so set)
frozen     in scope again             in scope                   live, merged with its base
frozen     still out                  present                    NOTHING
frozen     one gone                   other present              TOMBSTONE, nothing is deleted
live       gone                       out of its scope           TOMBSTONE likewise
live       gone, merged away          present                    PARK "merged"
live       gone                       present, edited            PARK "deleted and edited"
live       gone                       present, untouched         DELETE, if that direction's Delete is on;
                                                                 else TOMBSTONE
=========  =========================  =========================  ============================================

FREEZE and all rows about one that is gone hold with the sides exchanged as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from shared.contact.emails import email_keys
from shared.contact.fields import EMAILS
from shared.contact.normal import normal
from shared.names import Op, SideName
from shared.side import Record
from shared.sync.link import Link, LinkState
from shared.sync.paths import subject_id
from shared.sync.plan.mend import plan_mend
from shared.sync.plan.merge import decode, merge
from shared.sync.plan.model import (
    Action,
    Decision,
    Entry,
    Env,
    Presence,
    Step,
    Subject,
    Trouble,
)
from shared.sync.plan.restore import plan_restore
from shared.sync.settings import LeavesScope

PATIENCE = 600.0
"""Seconds until a record that a direct read missed, without proof of its deletion, is looked at again."""

DOUBT = 60.0
"""Seconds until a contact in doubt is looked at again; its intent knows when it may be planned."""

QUARANTINED = "quarantined: its entry in the backlog waits for a person"
NEVER = "never to be synced: you said so"
_WHO = {SideName.SUGAR: "Sugar", SideName.GOOGLE: "Google"}
UNPROVEN = {side: f"{who} did not find it, and nothing shows yet that it was deleted" for side, who in _WHO.items()}

MergedAway = Callable[[Link, SideName], tuple[str, ...]]
"""Subject ids of other linked contacts on that side in which a vanished record's emails or phones stand now."""


def plan_pair(env: Env, subject: Subject, merged_away: MergedAway) -> Decision:
    """The decision for a subject with a link."""
    if subject.link is None:
        raise ValueError("a pair needs a link")
    link, sugar, google = subject.link, subject.sugar, subject.google
    if subject.doubt:
        why = "a write of an earlier run may yet happen"
        return Decision(subject, Action.WAIT, why, link=link, wait_seconds=DOUBT)
    if google.presence is Presence.GONE and sugar.presence in (Presence.GONE, Presence.MISSING):
        return _close(subject, link)
    if link.parked or subject.parked:
        return Decision(subject, Action.NOTHING, NEVER if subject.never else QUARANTINED, link=link)
    if google.presence is Presence.MISSING:
        return Decision(subject, Action.WAIT, UNPROVEN[SideName.GOOGLE], link=link, wait_seconds=PATIENCE)
    if link.state is LinkState.TOMBSTONE:
        if sugar.there and google.there:
            return _merge(env, subject, link, Action.REVIVE)
        return Decision(subject, Action.NOTHING, "deleted on one side; it never comes back by itself", link=link)
    if sugar.presence is Presence.MISSING:
        return _park(subject, link, Trouble.GONE_FROM_SUGAR, "Sugar does not show it any more: deleted, or not visible")
    for side in SideName:
        if subject.half(side).presence is Presence.GONE:
            return _gone(env, subject, link, side, merged_away)
    return _both_there(env, subject, link)


def _both_there(env: Env, subject: Subject, link: Link) -> Decision:
    out = [side for side in SideName if (record := subject.half(side).there) is None or not record.in_scope]
    if not out:
        return _merge(env, subject, link, Action.UPDATE)
    where = _WHO[out[0]]
    if link.state is LinkState.FROZEN:
        return Decision(subject, Action.NOTHING, f"outside the scope in {where}", link=link)
    other = out[0].other
    record = subject.half(other).there
    if (
        env.settings.leaves_scope is LeavesScope.DELETE
        and record is not None
        and (left := subject.half(out[0]).there) is not None
        and not left.barred
        and len(out) == 1
        and env.direction(out[0]).delete
        and untouched(env, link, other, record)
    ):
        return _delete(subject, link, other, record, f"left the scope in {where}")
    frozen = link.copy()
    frozen.state = LinkState.FROZEN
    return Decision(subject, Action.FREEZE, f"left the scope in {where}; both stay as they are", link=frozen)


def _merge(env: Env, subject: Subject, link: Link, action: Action) -> Decision:
    if (mended := plan_mend(env, subject)) is not None:
        return mended
    live = msgspec.structs.replace(link, state=LinkState.LIVE, deleted_on=None, undone=False, both_gone_at=None)
    result = merge(env, live, subject.sugar, subject.google, subject.answer)
    if any(entry.whole for entry in result.entries):
        return Decision(
            subject, Action.PARK, result.entries[0].message, fields=result.changes, link=link, entries=result.entries
        )
    if action is Action.UPDATE and not result.steps:
        action = Action.LINK if link.state is not LinkState.LIVE or _adopts(env, link, result.link) else Action.NOTHING
    why = "; ".join(dict.fromkeys(change.why for change in result.changes)) or "both sides agree"
    return Decision(
        subject,
        action,
        why,
        steps=result.steps,
        fields=result.changes,
        link=result.link,
        entries=result.entries,
        asleep=result.held,
    )


def _adopts(env: Env, old: Link, new: Link) -> bool:
    """Whether both sides came to hold something new alike; that nothing is nothing on both is no news."""
    region = env.settings.region
    return sorted(old.base_emails or ()) != sorted(new.base_emails or ()) or any(
        value != (before := old.base.get(name, ""))
        and normal(env.kind(name), value, region) != normal(env.kind(name), before, region)
        for name, value in new.base.items()
    )


def _gone(env: Env, subject: Subject, link: Link, side: SideName, merged_away: MergedAway) -> Decision:
    other = side.other
    here = _WHO[side]
    record = subject.half(other).there
    if link.state is LinkState.FROZEN or record is None or not record.in_scope:
        return _tombstone(subject, link, side, f"deleted in {here} while outside the scope")
    if (restored := plan_restore(env, subject, link, side)) is not None:
        return restored
    again = ""
    if subject.answer is not None and subject.answer.remedy.action == "delete_both":
        if record.version == subject.answer.versions.get(other):
            return _delete(subject, link, other, record, f"deleted in {here}; here too, as you decided")
        again = "; it was edited again since you decided"
    into = subject.half(side).merged_into
    if heirs := (subject_id(side, into),) if into else merged_away(link, side):
        why = f"deleted in {here}, but its email or phone stands in another contact now: merged?{again}"
        return _park(subject, link, Trouble.MERGED, why, heirs)
    if not untouched(env, link, other, record):
        why = f"deleted in {here} and edited in {_WHO[other]}{again}"
        return _park(subject, link, Trouble.DELETED_AND_EDITED, why)
    if env.direction(side).delete:
        return _delete(subject, link, other, record, f"deleted in {here}")
    return _tombstone(subject, link, side, f"deleted in {here}; deleting in {_WHO[other]} is switched off")


def untouched(env: Env, link: Link, side: SideName, record: Record) -> bool:
    """Whether this side still shows what was last agreed on, by value.

    Google's etag moves with every change. Sugar's versions are whole seconds: an edit may share that of our write.
    """
    if side is SideName.GOOGLE and record.version == link.versions.get(side):
        return True
    view = env.fields[side].view(record.native, link.memo.get(side, {}), None)
    if view.problems:
        return False
    shown = decode(env, side, view.contact, link, None)
    region = env.settings.region
    for name in env.names:
        if name == EMAILS or name not in shown.values or name not in env.fields[side.other].capabilities:
            continue
        kind = env.kind(name)
        kept = link.apart[name][side] if name in link.apart else link.base.get(name, "")
        if normal(kind, shown.values[name], region) != normal(kind, kept, region):
            return False
    emails = email_keys(shown.emails or ())
    known = frozenset((*(link.base_emails or ()), *link.apart_emails.get(side, ())))
    return EMAILS not in env.names or shown.emails is None or emails == known


def _delete(subject: Subject, link: Link, side: SideName, record: Record, why: str) -> Decision:
    step = Step(side, Op.DELETE, {}, record.id, record.version, record.native)
    done = link.copy()
    done.state = LinkState.TOMBSTONE
    done.deleted_on = side.other
    return Decision(subject, Action.DELETE, why, steps=(step,), link=done)


def _tombstone(subject: Subject, link: Link, side: SideName, why: str) -> Decision:
    done = link.copy()
    done.state = LinkState.TOMBSTONE
    done.deleted_on = side
    return Decision(subject, Action.TOMBSTONE, why, link=done, asleep=False)


def _close(subject: Subject, link: Link) -> Decision:
    done = link.copy()
    done.state = LinkState.TOMBSTONE
    done.parked = False
    if link.state is LinkState.TOMBSTONE and link.both_gone_at and not link.parked:
        return Decision(subject, Action.NOTHING, "gone on both sides", link=link)
    done.both_gone_at = max(subject.sugar.seen_at, subject.google.seen_at)
    return Decision(subject, Action.CLOSE, "gone on both sides", link=done)


def _park(subject: Subject, link: Link, trouble: Trouble, message: str, candidates: tuple[str, ...] = ()) -> Decision:
    parked = replace(subject, parked=True)
    return Decision(parked, Action.PARK, message, link=link, entries=(Entry(trouble, message, candidates=candidates),))
