"""Mutants about decisions: who is whom, whose value goes where, and what may be deleted."""

from __future__ import annotations

from tests.mutants.mutant import Change, Mutant, swap

_RUN, _FOLLOWING = "shared/sync/run.py", "shared/sync/following.py"
_MERGE, _MATCH, _PAIR, _PLAN = (f"shared/sync/plan/{name}.py" for name in ("merge", "match", "pair", "batch"))
_PROPERTIES = "tests/sync/plan/test_properties.py"
_DOUBTS = "tests/sync/test_doubts.py"

MUTANTS = (
    Mutant(
        "suppressed-write-advances-base",
        "The switch has decided, so the difference is settled; when it is on again the edit never arrives.",
        swap(
            _MERGE,
            "        loser = None\n        if drift",
            "        loser = None\n"
            "        if verdict is Verdict.HELD:\n"
            "            merged.base[name] = sugar\n"
            "        if drift",
        ),
        (_PROPERTIES + "::test_the_base_never_claims_what_a_side_does_not_hold",),
    ),
    Mutant(
        "an-answer-is-an-answer",
        "The contact still waits, and a person has said what is to be done; but by now it waits with another question.",
        swap("shared/sync/inbox.py", "meant.get(doc.path, question) != question", "False"),
        ("tests/functions/test_answers.py::test_an_answer_is_for_what_was_asked_then",),
    ),
    Mutant(
        "closed-direction-written",
        "What a side is able to take looks open; the user has switched that direction off.",
        swap(
            _MERGE,
            "return env.direction(side.other).update and able(env, side, name, value)",
            "return able(env, side, name, value)",
        ),
        (_PROPERTIES + "::test_nothing_is_written_against_a_closed_direction_or_beyond_what_a_side_is_able_to",),
    ),
    Mutant(
        "linked-match-taken",
        "An equal email is an equal person; the match has a partner already, and now two records feed it.",
        swap(
            _MATCH,
            "            elif found.link is None:\n",
            "            elif not found.link or found.link.state is LinkState.LIVE:\n",
        ),
        ("tests/sync/plan/test_match.py::test_a_match_that_is_linked_counts_with_the_same_or_a_blank_name",),
    ),
    Mutant(
        "linked-match-ignored",
        "A linked contact is spoken for, so it is no match; the duplicate is created a second time.",
        swap(_MATCH, "            elif _may_be(person.contact, found.contact):\n", "            elif False:\n"),
        (
            "tests/sync/plan/test_batch_properties.py::test_nobody_is_created_who_may_be_there_already",
            "tests/sync/plan/test_match.py::test_a_match_that_is_linked_counts_with_the_same_or_a_blank_name",
        ),
    ),
    Mutant(
        "deleted-pair-revived-by-an-office-address",
        "Who has the email of a deleted contact is that contact, made again; it may be a colleague in the same office.",
        swap(_MATCH, "            if not _may_be(person.contact, found.contact):\n", "            if False:\n"),
        ("tests/sync/plan/test_match.py::test_a_deleted_pair_of_another_name_is_asked_about",),
    ),
    Mutant(
        "owed-emails-forgotten",
        "What one side's emails got was written; what the other side's closed direction holds back, nobody looks for.",
        swap(_MERGE, "    if result.owed:\n", "    if result.owed and not targets:\n"),
        ("tests/sync/plan/test_merge_lists.py::test_emails_are_merged_as_a_set",),
    ),
    Mutant(
        "not-found-is-gone",
        "What was never linked has nothing to lose when a read does not find it; no later change tells of it again.",
        swap(
            "shared/sync/plan/batch.py",
            "half.presence is Presence.MISSING and half.missed_at is not None and ",
            "half.presence is Presence.NONE and half.missed_at is not None and ",
        ),
        ("tests/sync/test_gone.py::test_new_contacts_that_one_odd_answer_leaves_out_are_not_forgotten",),
    ),
    Mutant(
        "not-found-is-no-match",
        "Who is not found cannot be linked with; what is left to do is to create.",
        swap(
            "shared/sync/gather.py",
            "        unfound.mark(batch, self._reader.pool, self._env)\n",
            "",
        ),
        ("tests/sync/test_gone.py::test_who_may_be_a_match_is_not_doubled_by_an_odd_answer",),
    ),
    Mutant(
        "not-found-is-no-heir",
        "A linked contact has its match already; only those without link look for one.",
        swap("shared/sync/unfound.py", "if s.link is None or _half_gone(s)]", "if s.link is None]"),
        ("tests/sync/test_heirs.py::test_an_heir_that_is_not_found_once_is_waited_for",),
    ),
    Mutant(
        "not-found-is-replaced",
        "A record with the link's key, while the link's own is not found: that is the contact, come back.",
        swap(
            "shared/sync/following.py",
            "        return self._unfound.may_show(side, link.google_id)\n",
            "        return False\n",
        ),
        ("tests/sync/test_unfound.py::test_a_link_does_not_move_to_a_copy_because_its_own_record_is_not_found_once",),
    ),
    Mutant(
        "not-found-is-gone-on-both-sides",
        "Gone in Google and not found in Sugar: nothing is left to be done.",
        swap(
            "shared/sync/plan/batch.py",
            "    if decision.action is Action.CLOSE:\n",
            "    if decision.action is Action.CLOSE and not decision.subject.link:\n",
        ),
        ("tests/sync/test_unfound.py::test_a_deletion_is_not_forgotten_because_the_other_half_is_not_found_once",),
    ),
    Mutant(
        "copies-first",
        "Whether it is a copy can be told before anything else, also of one that waits.",
        swap(
            "shared/sync/recover.py",
            "return unclear if unclear is not None or subject.doubt else",
            "return unclear if unclear is not None else",
        ),
        ("tests/sync/test_gone_for_good.py::test_who_may_have_come_back_is_not_deleted_as_a_copy",),
    ),
    Mutant(
        "not-found-is-deleted-already",
        "What was to be deleted is not there: so much the better.",
        swap(
            "shared/sync/execute.py",
            "Done(None) if read.proven else Refused(gone)",
            "Done(None) if gone else Refused(gone)",
        ),
        ("tests/sync/test_gone_for_good.py::test_who_is_not_found_right_before_a_delete_is_deleted_later",),
    ),
    Mutant(
        "a-tombstone-is-for-ever",
        "Both were deleted once, so the link goes when its time is up.",
        swap("shared/sync/settle.py", "        link.both_gone_at = None\n", "        pass\n"),
        ("tests/sync/test_gone_for_good.py::test_who_is_taken_out_of_the_trash_is_not_made_anew_on_the_other_side",),
    ),
    Mutant(
        "a-listing-shows-all",
        "A complete listing is newer than all that was known before.",
        swap(
            "shared/sync/index.py",
            "self.append(side, [row for row in late if not (row.gone and row.id in listed)])",
            "del late, listed",
        ),
        ("tests/sync/test_gone_for_good.py::test_an_edit_while_a_listing_is_under_way_is_known_after_it",),
    ),
    Mutant(
        "a-listing-proves-all",
        "Whom a complete listing does not show is deleted, whenever it was made.",
        swap("shared/sync/observe.py", "if record not in listed and record not in since]", "if record not in listed]"),
        ("tests/sync/test_gone_for_good.py::test_a_listing_says_nothing_about_whom_it_could_not_show",),
    ),
    Mutant(
        "approved-is-approved",
        "A person has approved this contact's entry: the guard need not ask again.",
        swap(
            "shared/sync/entries.py",
            "frozenset(answer.shown) if answer.asked == Trouble.HELD_CLEARING else frozenset({DELETES})",
            "frozenset({*answer.shown, DELETES})",
        ),
        ("tests/sync/test_deleting.py::test_who_approved_clearings_has_not_approved_deletions",),
    ),
    Mutant(
        "the-last-key-knows-all",
        "The keys of one record say the same; any of them will do.",
        swap(
            "shared/sync/gather.py",
            "names.setdefault(key.id, {key.id: None}).update(dict.fromkeys(key.previous))",
            "names[key.id] = dict.fromkeys((key.id, *key.previous))",
        ),
        (
            "tests/sync/test_heirs.py::"
            "test_who_was_merged_away_is_known_also_while_the_survivor_waits_for_its_weekly_look",
        ),
    ),
    Mutant(
        "lookup-only-in-scope",
        "Only contacts in scope take part; the person is there all the same, as a colleague's.",
        swap(
            "shared/sync/candidates.py",
            "new = {r.id: r for r in found if (side, r.id) not in known}",
            "new = {r.id: r for r in found if (side, r.id) not in known and r.in_scope}",
        ),
        ("tests/sync/test_scopes.py::test_a_match_outside_sugars_scope_is_asked_about_and_never_doubled",),
    ),
    Mutant(
        "lookup-only-of-unknown-emails",
        "Somebody with one of its emails is found already; that may be somebody else who shares an office's address.",
        swap(
            "shared/sync/candidates.py",
            "if isinstance(table.match(table.person(source, record.id)), Alone):",
            "if not table._sharing(side, table.person(source, record.id).emails):",
        ),
        ("tests/sync/test_matching.py::test_an_office_address_does_not_hide_a_match_outside_the_scope",),
    ),
    Mutant(
        "created-before-both-were-listed",
        "A contact that no list has shown so far looks new; the next page has it.",
        (
            Change(
                _RUN,
                "return bool(head.open) or (listed and self._errand.work(self._queue))",
                "return bool(head.open) or self._errand.work(self._queue)",
            ),
            Change(
                _RUN,
                "            listed={side: head.side(side).listed for side in SideName},\n",
                "            listed={side: True for side in SideName},\n",
            ),
        ),
        ("tests/sync/test_listing.py::test_observing_is_bounded_and_goes_on_in_the_next_run",),
    ),
    Mutant(
        "create-beside-a-doubtful-one",
        "Other contacts have nothing to do with the one in doubt; in Sugar the search for it may find theirs.",
        swap(_PLAN, "    if other in subject.blocked:\n", "    if False:\n"),
        ("tests/sync/test_recovery.py::test_nothing_else_is_created_on_a_side_while_a_create_there_is_in_doubt",),
    ),
    Mutant(
        "matched-with-the-source-of-a-doubtful-create",
        "The same email, and nobody linked with it yet; its own copy may stand on the other side, unseen.",
        swap(_PLAN, "    if match.person.doubt:\n", "    if False:\n"),
        (_DOUBTS + "::test_nobody_is_linked_with_a_contact_whose_own_create_is_in_doubt[late]",),
    ),
    Mutant(
        "link-follows-onto-the-source-of-a-doubtful-create",
        "A record answers by another name, so its link follows; from that name a create is in doubt, a link to be.",
        swap(
            _FOLLOWING, "                elif self._doubts.speaks_for(side, read):\n", "                elif False:\n"
        ),
        (_DOUBTS + "::test_no_link_moves_onto_a_contact_whose_own_create_is_in_doubt[out of scope-late-previous]",),
    ),
    Mutant(
        "key-of-a-merge-taken-for-the-create",
        "Our key is our proof; a merge takes it along into a contact that is linked with somebody else.",
        swap(
            "shared/sync/sorting.py",
            "        links = self._links.of(op.side, names)\n",
            "        links: dict[str, Link] = {}\n",
        ),
        (_DOUBTS + "::test_the_key_that_an_heir_has_from_a_merge_proves_nothing",),
    ),
    Mutant(
        "two-creates-bound-to-one-record",
        "Each finds its key there; their user has merged the two copies, so one of the keys came along.",
        swap("shared/sync/sorting.py", "if shown[name] > 1 or (op.side, name) in sources]", "if False]"),
        ("tests/sync/test_copies.py::test_two_copies_in_doubt_that_were_merged_are_not_linked_twice[previous]",),
    ),
    Mutant(
        "who-is-asked-about-is-not-there",
        "It is decided already, so nobody needs to see it; whoever has the same email is then made a second time.",
        swap("shared/sync/recover.py", "                batch.candidates += _on_the_table(decision)\n", ""),
        ("tests/sync/test_copies.py::test_a_late_copy_and_the_contact_entered_again_do_not_double[together]",),
    ),
    Mutant(
        "edited-there-deleted-all-the-same",
        "Deleted is deleted; the user has edited the other one since, and means to keep it.",
        swap(_PAIR, "    if not untouched(env, link, other, record):\n", "    if False:\n"),
        (_PROPERTIES + "::test_a_delete_needs_proof_an_open_direction_and_an_untouched_contact",),
    ),
    Mutant(
        "merged-away-taken-for-deleted",
        "A tombstone is a deletion; the user has merged two contacts, and the other side's is the merged one's.",
        swap(
            _PAIR,
            "    if heirs := (subject_id(side, into),) if into else merged_away(link, side):\n",
            "    if heirs := ():\n",
        ),
        ("tests/sync/test_deleting.py::test_contacts_merged_in_googles_pages_delete_nothing_in_sugar[tombstone]",),
    ),
    Mutant(
        "guard-counts-this-batch",
        "A batch is what is at hand; a mass deletion trickles through many of them.",
        swap(
            "shared/sync/plan/guard.py",
            "count + weather.done.get(kind, 0) + (weather.pending if kind == DELETES else 0) > most",
            "count > most",
        ),
        ("tests/sync/plan/test_guard.py::test_deletes_over_a_rolling_day_and_everything_pending",),
    ),
    Mutant(
        "tombstones-swept-too-early",
        "A tombstone looks like rubbish; while one contact lives it is what keeps the other from coming back.",
        swap(
            "shared/sync/housekeeping.py",
            '(Link.load(doc.data).both_gone_at or "9") < before',
            '(Link.load(doc.data).both_gone_at or "") < before',
        ),
        ("tests/sync/test_deleting.py::test_with_delete_off_the_other_one_stays_and_never_brings_it_back[sugar]",),
    ),
)
