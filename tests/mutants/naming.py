"""Mutants about names and order: who goes by another name by now, and whose turn comes before whose."""

from __future__ import annotations

from tests.mutants.mutant import Change, Mutant, swap

_BUILD, _KEEP, _QUEUE = "shared/sync/order/build.py", "shared/sync/keep.py", "shared/sync/queue.py"
_FOLLOWING, _PLAN, _GATHER = "shared/sync/following.py", "shared/sync/plan/batch.py", "shared/sync/gather.py"
_REGRESSIONS = "tests/sync/test_regressions.py"
_EARLY, _GONE = "tests/sync/test_early.py", "tests/sync/test_gone_for_good.py"
_NAMES, _UNTOLD = "tests/sync/test_names.py", "tests/sync/test_untold.py"
_RENAMED = "tests/sync/test_renamed_and_deleted.py"

MUTANTS = (
    Mutant(
        "new-name-not-told-to-the-index",
        "The feed will tell of a new name; where the contact is deleted before, no listing ever shows that it is gone.",
        swap(_KEEP, "(noted and not told and not known) or renamed", "noted and not told and not known"),
        (
            _REGRESSIONS
            + "::test_a_contact_renamed_and_deleted_before_the_feed_told_of_either_is_gone_with_the_next_listing",
        ),
    ),
    Mutant(
        "who-is-gone-in-turn",
        "Lanes are first in, first out; a contact renamed before a listing of everything is new before it is gone.",
        (
            Change(_QUEUE, "if each.deleted or each.id in self._touched]", "if False]"),
            Change(_QUEUE, "if not (key.deleted or key.previous)]", "if not key.previous]"),
        ),
        (_NAMES + "::test_who_is_new_in_a_listing_of_everything_under_a_new_name_is_not_made_again",),
    ),
    Mutant(
        "new-before-everybody-who-is-gone",
        "It has no link by any of its names; its link knows only the one whose absence had no room in the batch.",
        swap(_PLAN, "    if subject.early:\n", "    if False:\n"),
        (_NAMES + "::test_who_is_read_by_a_former_name_is_not_made_again_before_everybody_who_is_gone_was_read[0]",),
    ),
    Mutant(
        "no-room-kept-for-who-is-gone",
        "A batch takes so many, and those that come first are first; what they wait for never gets in.",
        swap(
            _GATHER,
            "some = list(islice(gone, max(1, self._most // 2)))",
            "some: list[Dirty] = []",
        ),
        (_EARLY,),
    ),
    Mutant(
        "new-before-the-listing-has-ended",
        "Both sides were listed to their end once; this listing shows new names, and tells of no former one so far.",
        swap(_GATHER, "early or not self._unlisted.isdisjoint(group.ids)", "early"),
        (_GONE + "::test_who_was_renamed_is_not_made_again_while_a_listing_is_under_way",),
    ),
    Mutant(
        "new-in-sugar-before-the-listing-has-ended",
        "Whom Google holds is known from former listings, and a feed; but the feed has expired, and a page is to come.",
        swap(
            _GATHER, "SideName if head.side(SideName.GOOGLE).delta is None else {SideName.GOOGLE}", "{SideName.GOOGLE}"
        ),
        (_GONE + "::test_who_was_entered_on_both_sides_is_not_doubled_while_a_listing_is_under_way",),
    ),
    Mutant(
        "held-back-for-ever",
        "Nothing about it has changed; but somebody is gone because of whom it was held back.",
        swap("shared/sync/observe.py", "            self._queue.wake_asleep(Lane.SWEEP)\n", ""),
        ("tests/sync/test_gates.py::test_its_twin_in_sugar_is_looked_at_again_within_a_week_when_it_is_gone",),
    ),
    Mutant(
        "new-name-cleared-with-the-key-of-another",
        "A key is done with once its contact is; it told of a second one, by a new name, that the plan leaves alone.",
        swap(_KEEP, "if half.merged_into or former != half.id:", "if half.merged_into:"),
        (
            "tests/sync/test_merged.py"
            "::test_the_new_name_of_one_who_took_another_in_is_followed_though_a_plan_is_about_that_one_alone",
        ),
    ),
    Mutant(
        "plan-waits-for-who-is-not-found",
        "Who is not found may be found again; what proves that it is gone waits behind the plan, and neither ends.",
        swap("shared/sync/order/carry.py", "not (missing or subject.unfound)", "not subject.unfound"),
        (_NAMES + "::test_a_plan_does_not_wait_for_who_is_not_found",),
    ),
    Mutant(
        "name-of-an-entry-not-told-to-the-index",
        "Who waits has not changed; its entry has moved to a name that no key and no listing will ever speak of.",
        swap(_KEEP, "bool(mine and all(key.id != record.id for key in mine))", "False"),
        (_NAMES + "::test_an_answer_has_served_though_no_feed_tells_of_a_name_between",),
    ),
    Mutant(
        "email-read-before-the-feed-not-told-to-the-index",
        "The feed brings every change to the index; what was read before it is dropped there as dealt with.",
        swap(_KEEP, "(noted and not told and not known) or renamed", "renamed"),
        ("tests/sync/test_matching.py::test_an_email_that_was_read_before_the_feed_told_of_it_is_known",),
    ),
    Mutant(
        "entry-stays-behind-when-its-contact-is-renamed",
        "Another name looks like another contact; it is the one that somebody said is never to be synced.",
        swap("shared/sync/entries.py", "batch.entries[backlog_id(subject)] = moves", "pass"),
        ("tests/sync/test_backlog.py::test_an_entry_goes_with_its_contact_to_another_name",),
    ),
    Mutant(
        "plan-that-never-ends",
        "Who is in the plan already is passed over; the key by another name comes again with every part.",
        swap(_BUILD, "self.book.look(_looked_at(keys, decision.subject, counted=False))", "del keys"),
        (_NAMES + "::test_a_plan_ends_though_keys_of_former_names_come_in_later_parts",),
    ),
    Mutant(
        "plan-without-who-waits-for-the-gone",
        "A plan holds what is to be done now; who is new comes later, and is then made without having been shown.",
        swap(
            _BUILD,
            "                later.update(names)\n                continue\n",
            "                pass\n",
        ),
        (_EARLY + "::test_a_plan_shows_who_is_new_once_everybody_who_is_gone_is_in_it",),
    ),
    Mutant(
        "plan-over-before-the-listing",
        "Every key that waits is in the plan; the listing has more pages.",
        (
            Change(_BUILD, "        if not self._head.is_listing:\n", "        if True:\n"),
            Change(_BUILD, "ended = not self._head.is_listing", "ended = True"),
        ),
        (_EARLY + "::test_a_plan_ends_after_a_listing_that_is_under_way_and_shows_who_is_new_in_it",),
    ),
    Mutant(
        "found-and-still-called-gone",
        "The key says that it is gone; a read has found it, and those that wait for all who are gone wait for it too.",
        swap(_KEEP, "replace(key, deleted=False) if there else key", "replace(key, deleted=key.deleted)"),
        (_EARLY + "::test_nobody_waits_for_ever_for_those_whom_a_listing_left_out_and_a_read_finds",),
    ),
    Mutant(
        "chunk-with-a-former-name-not-marked",
        "Chunks are read when their turn comes; what one tells of its contact's former name is wanted before that.",
        swap(_QUEUE, "        info.renamed = sum(bool(key.previous) for key in self.keys.values())\n", ""),
        (_NAMES + "::test_a_question_holds_though_its_contact_is_renamed_and_its_turn_comes_later",),
    ),
    Mutant(
        "item-of-a-plan-found-by-its-name-in-google",
        "Either record leads to the link; but the plan may know a name that the link does not.",
        swap(
            "shared/sync/order/carry.py",
            "(SideName.SUGAR if SideName.SUGAR in item.ids else SideName.GOOGLE)",
            "min(item.ids)",
        ),
        (_NAMES + "::test_a_plan_holds_for_who_was_renamed_before_it_was_made",),
    ),
    Mutant(
        "merged-ones-in-the-order-of-the-queue",
        "The order of the queue is the order of the news; a part without the news of a merge shows one of the two as "
        "if there were no other.",
        (
            Change(_QUEUE, "yield from [key for lane in READY for key in self._renamed(lane)]", "pass"),
            Change(_QUEUE, "if not (key.deleted or key.previous)]", "if not key.deleted]"),
        ),
        (_NAMES + "::test_a_plan_in_parts_shows_two_that_were_merged_and_renamed_as_they_will_be_found",),
    ),
    Mutant(
        "link-follows-to-the-new-name-of-another",
        "The record answers by a new name that nobody is linked with; it is another's, who has not followed it yet.",
        swap(_FOLLOWING, "or (told and _place_of_key(other, read) < mine) for", "for"),
        (_NAMES + "::test_no_link_follows_another_contact_to_its_new_name[the feed lags]",),
    ),
    Mutant(
        "name-of-long-ago-is-somebody-new",
        "A read has shown a new name that nobody is linked with; the link knows one between the two.",
        swap(_GATHER, "untold=self._is_untold(group),", "untold=False,"),
        (_UNTOLD + "::test_a_name_of_long_ago_is_nobody_new[10.0]",),
    ),
    Mutant(
        "seen-by-a-read-is-told",
        "The index knows the name; but only from a read, and whose it was before nothing has told yet.",
        swap(_KEEP, "row.version = UNTOLD", "pass"),
        (_UNTOLD + "::test_a_name_of_long_ago_is_nobody_new[240.0]",),
    ),
    Mutant(
        "match-by-a-name-not-told-of",
        "Nobody is linked with that name; it is another one's, whose link knows the name between.",
        (
            Change("shared/sync/plan/match.py", "or (isinstance(told, Subject) and told.untold)", ""),
            Change("shared/sync/candidates.py", "doubt=link is None and record.id in untold", "doubt=False"),
        ),
        (_UNTOLD + "::test_who_goes_by_a_name_that_is_not_told_of_is_nobodys_match",),
    ),
    Mutant(
        "waits-for-who-waits-behind",
        "The new name's own key will tell; where it has nothing to tell it may have its turn after those that wait.",
        swap(_GATHER, "any(key.previous and id(key) not in own for", "any(id(key) not in own for"),
        (_UNTOLD + "::test_nobody_waits_for_whose_turn_comes_after",),
    ),
    Mutant(
        "told-of-only-with-a-name",
        "The index serves to find somebody by a term, and this one has none; that its name was told of is lost.",
        swap(
            "shared/sync/observe.py",
            "(side is SWEEPS or (key.terms and key.in_scope))]",
            "key.terms and (side is SWEEPS or key.in_scope)]",
        ),
        (_UNTOLD + "::test_nobody_waits_for_ever_for_what_is_told_of_a_name[bare]",),
    ),
    Mutant(
        "plan-that-waits-for-a-name",
        "A later part tells what becomes of it; until then the plan is not complete.",
        swap(_BUILD, "decision.action is Action.WAIT and subject.early and", "decision.action is Action.WAIT and"),
        (_UNTOLD + "::test_a_plan_ends_before_a_name_is_told_of",),
    ),
    Mutant(
        "only-who-waits-is-untold",
        "Who is out of the scope need not wait; but the index then knows the name as if it had been told of.",
        swap(_KEEP, "if subject.untold:", "if subject.untold and out.again is not None:"),
        (_UNTOLD + "::test_a_name_that_was_only_read_is_not_told_of_whatever_is_decided",),
    ),
    Mutant(
        "tombstone-of-a-name-not-linked-yet",
        "A tombstone tells of no former name, and no link has this one: somebody else's contact, it seems.",
        swap("shared/sync/observe.py", ", *self._queue.former(side, key.id)}", "}"),
        (_RENAMED + "::test_who_was_renamed_and_deleted_before_its_turn_is_deleted_in_sugar[False]",),
    ),
    Mutant(
        "former-names-of-the-first-page",
        "Which names the queue tells of is found out once in a run; but every page may tell of more.",
        swap(_QUEUE, "            if key.previous:\n                self._former = None\n", ""),
        (_REGRESSIONS + "::test_a_former_name_is_known_from_the_page_before",),
    ),
    Mutant(
        "item-lost-between-two-names",
        "A record tells of the name that it was read by; the plan's is the one before.",
        swap("shared/sync/order/carry.py", "        read.update(led)\n", "        del led\n"),
        (_NAMES + "::test_a_plan_ends_though_its_contact_is_renamed_twice_before_it_begins",),
    ),
)
