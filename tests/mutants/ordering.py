"""Mutants about plans that are carried out later, and about what is taken back."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, swap

_CARRY, _UNDO = "shared/sync/order/carry.py", "shared/sync/plan/undo.py"
_HELD = "tests/sync/test_held.py"
_ORDERS, _PLANS = "tests/functions/test_orders.py", "tests/sync/undo/test_plan.py"

MUTANTS = (
    Mutant(
        "plan-carried-out-whatever-changed",
        "The person has seen the plan and wants it; what was edited since, nobody has seen.",
        swap(
            _CARRY,
            'if side in written or (half.id, version) == (item.ids.get(side, ""), item.versions.get(side)):',
            "if side in written or half.there is not None:",
        ),
        (_ORDERS + "::test_why_something_is_left_out",),
    ),
    Mutant(
        "plan-decided-anew",
        "The version is the same, so the decision must be; a setting may have changed, or somebody on the other side.",
        swap(_CARRY, "        if self._shape != self.book.order.shape:\n", "        if False:\n"),
        (_ORDERS + "::test_settings_that_changed_since",),
    ),
    Mutant(
        "stale-tried-again-at-once",
        "A write refused as stale is planned anew from a fresh read; reads lag, and three tries are soon over.",
        swap(_CARRY, "pause = _PAUSE if moved and not out.done else out.again", "pause = out.again"),
        (_ORDERS + "::test_reads_that_lag_some_seconds_behind",),
    ),
    Mutant(
        "unticked-but-sent",
        "Left out of the first batch looks left out; the next one takes it.",
        swap(
            _CARRY,
            "self.book.set(key, number, Progress(ItemState.LEFT_OUT, why=UNTICKED, carried=progress.carried))",
            "self.book.set(key, number, Progress(ItemState.WAITING, why=UNTICKED, carried=progress.carried))",
        ),
        (_ORDERS + "::test_contacts_that_are_left_out",),
    ),
    Mutant(
        "undo-deletes-what-was-added-since",
        "What a sync created may go again; somebody has put something into it since.",
        swap(
            _UNDO,
            "if deed.after is None or fields.rewrite(fields.without(state, deed.hidden), deed.after):",
            "if deed.after is None:",
        ),
        (_PLANS + "::test_what_was_put_into_a_created_contact_stays",),
    ),
    Mutant(
        "undo-is-synced-away",
        "After an undo both sides differ, as after any edit; the next sync puts back what was taken back.",
        swap(
            _UNDO,
            "            link.keep_apart(name, halves[SideName.SUGAR], halves[SideName.GOOGLE])\n",
            "            link.base[name] = halves[side.other]\n",
        ),
        (_PLANS + "::test_an_update_goes_back_and_is_kept_apart",),
    ),
    Mutant(
        "undo-makes-again-what-is-not-shown",
        "What a side does not show was deleted; or the user has only lost sight of it, and then it stands there twice.",
        swap(_UNDO, "    if half.presence is Presence.MISSING:\n", "    if False:\n"),
        (_PLANS + "::test_gone_without_proof_is_not_made_again",),
    ),
    Mutant(
        "undo-of-what-waits-in-the-backlog",
        "An undo is a person's wish; what the contact waits for may be the very record that it makes again.",
        swap(_UNDO, "    if link.parked:\n", "    if False:\n"),
        (_PLANS + "::test_a_contact_that_waits_is_left_alone",),
    ),
    Mutant(
        "plan-judged-again-by-all-that-is-gone",
        "Whatever tombstone waits may be of a mass deletion; those of renamed ones the plan has looked at already.",
        swap(_CARRY, "return sum(self.book.seen(gone((key.side, key.id))) for key in keys)", "return 0 * len(keys)"),
        (_HELD + "::test_a_plan_deletes_what_it_has_shown_whatever_else_it_has_looked_at",),
    ),
    Mutant(
        "plan-blind-to-what-came-since",
        "The guard has judged the plan; what was deleted after it makes a mass deletion of both.",
        swap(_CARRY, "return sum(self.book.seen(gone((key.side, key.id))) for key in keys)", "return len(keys)"),
        (_HELD + "::test_what_came_after_a_plan_counts_for_the_guard[]",),
    ),
    Mutant(
        "held-deletion-let-go-by-its-plan",
        "A part at a time there are few; the plan has shown all of them as held.",
        swap(_CARRY, "({DELETES} if Trouble.HELD_DELETE.value in questions else set())", "set()"),
        (_HELD + "::test_what_a_plan_shows_as_held_stays_held_in_parts",),
    ),
    Mutant(
        "held-clearing-let-go-by-its-plan",
        "What is carried out together is judged together; those beside it stood in another part.",
        swap(_CARRY, "    return cleared | (", "    return set() | ("),
        (_HELD + "::test_a_clearing_that_a_plan_shows_as_held_stays_held_in_another_batch",),
    ),
    Mutant(
        "seen-alive-is-judged",
        "The plan has looked at this contact; that it was deleted after that is another matter.",
        swap(_CARRY, "self.book.seen(gone((key.side, key.id)))", "self.book.seen((key.side, key.id))"),
        (_HELD + "::test_what_came_after_a_plan_counts_for_the_guard[alive]",),
    ),
    Mutant(
        "held-by-a-plan-and-forgotten",
        "What a plan shows as held is not carried out, so the day need not know of it; the rest looks like a few then.",
        swap(
            "shared/sync/plan/guard.py",
            "decision.subject.approved - _held_before(decision))",
            "decision.subject.approved - decision.subject.held - _held_before(decision))",
        ),
        (
            _HELD + "::test_what_is_taken_out_of_a_plan_that_shows_it_as_held_is_held_after_it",
            _HELD + "::test_what_is_left_of_a_plan_that_shows_it_as_held_is_held_when_it_is_stopped",
        ),
    ),
    Mutant(
        "gone-by-its-key",
        "The key says that it was deleted; the read that the plan was made from has found it.",
        swap("shared/sync/order/build.py", "(counted if there is None else there.id != key.id)", "True"),
        (_HELD + "::test_what_came_after_a_plan_counts_for_the_guard[alive, though called gone]",),
    ),
)
