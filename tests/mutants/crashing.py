"""Mutants about crashes: what is on paper when, and how the doubts of an earlier run are settled."""

from __future__ import annotations

from tests.mutants.mutant import Change, Mutant, swap

_RUN, _RECOVER, _JOURNAL, _KEEP = (f"shared/sync/{name}.py" for name in ("run", "recover", "journal", "keep"))
_COPIES = "shared/sync/copies.py"
_POINTS = "tests/sync/test_crash_points.py"
_RECOVERY = "tests/sync/test_recovery.py"
_LARGE = "tests/sync/test_crash_large.py"
_PATIENCE = "tests/sync/test_patience.py"
_MERGED = "tests/sync/test_merged.py"

MUTANTS = (
    Mutant(
        "tombstone-of-nobody",
        "No link, entry or open create names it; it is what a create in doubt has made, and its key is gone with it.",
        swap(
            "shared/sync/observe.py",
            "known.update(*self._ledger.head.found.values(), (op.record for op in creates))",
            "pass",
        ),
        (
            "tests/sync/test_doubts.py"
            "::test_what_a_create_in_doubt_has_made_is_known_to_be_gone_before_the_weekly_listing",
        ),
    ),
    Mutant(
        "refused-write-forgets-the-one-before",
        "A refused write leaves the link as it is stored; what recovery has just found written is not stored yet.",
        swap("shared/sync/settle.py", "before = decision.subject.link or stored", "before = stored"),
        (_RECOVERY + "::test_what_was_found_written_is_agreed_on_though_the_next_write_is_refused",),
    ),
    Mutant(
        "cursor-before-keys",
        "Saving the cursor at once looks safest; a crash before the keys are saved forgets those contacts for good.",
        swap(
            "shared/sync/observe.py",
            "            state.going = page.cursor\n",
            "            state.going = page.cursor\n        self._ledger.commit(())\n",
        ),
        (_POINTS + "::test_a_crash_while_observing_forgets_nobody[edited_on_both_sides]",),
    ),
    Mutant(
        "failed-run-keeps-its-head",
        "Saving what the head holds in memory looks like progress; its cursor is ahead of the keys that were saved.",
        swap(_RUN, "        self._ledger.rewind()\n", ""),
        (_POINTS + "::test_a_run_that_fails_while_observing_forgets_nobody",),
    ),
    Mutant(
        "wishes-removed-before-their-effect",
        "A wish that was read looks served; a crash before its effect is committed loses the user's click.",
        swap(
            _RUN,
            "        self._pending += drained.changes\n",
            "        if drained.changes:\n            self._store.commit(drained.changes)\n",
        ),
        (_POINTS + "::test_a_crash_at_any_step_keeps_the_wish",),
    ),
    Mutant(
        "no-journal",
        "Intents cost a commit before every batch; without them nobody knows after a crash what was sent.",
        swap(
            _RUN,
            "            self._commit([*part, *more, *(self._journal.close(recovered.replaced) if n == 0 else ())])\n",
            "            self._journal.close(recovered.replaced)\n",
        ),
        (_POINTS + "::test_a_crash_after_the_call_before_t2[new_in_sugar-short]",),
    ),
    Mutant(
        "base-advances-when-an-intent-is-dropped",
        "A write that was on paper looks agreed; it never arrived, so the other side's old value reads as an edit.",
        swap(
            _RECOVER,
            "            return replace(subject, doubt=True)\n        result.closed.append(op.id)",
            "            return replace(subject, doubt=True)\n"
            "        agreed = finish(self._env, subject.link, step, half.there, self._clock.now())\n"
            "        subject = replace(subject, link=agreed)\n"
            "        result.closed.append(op.id)",
        ),
        (_POINTS + "::test_a_crash_after_t1_before_the_call[edited_in_sugar-long]",),
    ),
    Mutant(
        "no-quiet-period",
        "A record that cannot be found looks as if it was never made; the request may still be on its way.",
        swap(
            "shared/sync/sorting.py",
            "return datetime.fromisoformat(op.sent_at) + self._quiet",
            "return datetime.fromisoformat(op.sent_at)",
        ),
        (_RECOVERY + "::test_a_create_in_doubt_is_sent_again_once_and_not_before_the_quiet_period_is_over",),
    ),
    Mutant(
        "what-is-not-seen-has-not-happened",
        "A record that is not found holds nothing of an update; but it may be out of sight, and hold all of it.",
        swap(
            _RECOVER,
            "        elif half.presence is Presence.MISSING and",
            "        elif op.op is Op.DELETE and half.presence is Presence.MISSING and",
        ),
        (_MERGED + "::test_an_update_in_doubt_is_told_although_its_record_was_out_of_sight_meanwhile",),
    ),
    Mutant(
        "one-contact-two-subjects",
        "Whose link is not stored has none; but its create was found, and speaks for the same contact.",
        swap("shared/sync/gather.py", "unstored.get((side, record), owners.get(record))", "owners.get(record)"),
        (_MERGED + "::test_a_contact_with_an_update_and_a_create_in_doubt_is_one",),
    ),
    Mutant(
        "news-go-with-the-key",
        "Its contact is dealt with, so the key has served; it also told of somebody who was merged into that contact.",
        swap(_KEEP, "if subject.key in decided or batch", "if True or batch"),
        (_MERGED + "::test_who_is_merged_into_a_contact_of_a_plan_is_looked_at_as_well[previous]",),
    ),
    Mutant(
        "linked-contacts-have-no-past",
        "A link's entry goes by the link; the entry of one that was merged into it still goes by its record.",
        swap(
            "shared/sync/entries.py",
            "    for side in SideName:\n        record = subject",
            "    for side in new:\n        record = subject",
        ),
        (_MERGED + "::test_the_question_about_who_is_merged_into_a_linked_contact_is_closed[open-previous]",),
    ),
    Mutant(
        "no-rest-between-tries",
        "What never arrived is sent again as soon as it may be; where the server fails at it, nobody else is created.",
        swap("shared/sync/patience.py", "_MOST_DOUBLINGS = 3", "_MOST_DOUBLINGS = 0"),
        (_PATIENCE + "::test_others_are_created_while_a_server_fails_at_one[sugar]",),
    ),
    Mutant(
        "a-failing-server-is-a-bad-contact",
        "Five tries are enough to ask about a contact; while the server makes nobody, that asks about everybody.",
        swap("shared/sync/patience.py", "MOST_TRIES and between", "MOST_TRIES"),
        (_PATIENCE + "::test_nobody_is_asked_about_while_a_server_fails_at_all[sugar]",),
    ),
    Mutant(
        "others-are-created-again",
        "Others are created and it is not; but only since the trouble was over, and it has not been tried since.",
        swap("shared/sync/patience.py", " < created_at <= op.sent_at", " < created_at"),
        (_PATIENCE + "::test_nobody_is_asked_about_while_a_server_fails_at_all[google]",),
    ),
    Mutant(
        "sent-again-with-the-same-others",
        "A batch saves calls; where one contact makes it fail, it fails each time it is sent, for all in it.",
        swap(_JOURNAL, "            tries=self.tries,\n", ""),
        (
            _PATIENCE + "::test_others_are_created_while_a_server_fails_at_one[google]",
            _PATIENCE + "::test_others_are_updated_while_google_fails_at_one",
        ),
    ),
    Mutant(
        "recovery-before-observing",
        "Cleaning up first looks tidy; what the feed shows in this very run is then taken for a user's new contact.",
        (
            Change(
                _RUN,
                "        observer = self._observe(sides)\n",
                "        fields = {side: sides[side].fields for side in SideName} if head.open else {}\n"
                "        early = Env(settings, fields, synced_fields(settings), {side: True for side in SideName})\n"
                "        quiet = timedelta(seconds=self._limits.quiet)\n"
                "        recovery = Recovery(sides, head, self._links, early, self._clock, quiet)\n"
                "        self._doubts = recovery.prepare(self._journal.load())\n"
                "        observer = self._observe(sides)\n",
            ),
            Change(_RUN, "recovery.prepare(self._journal.load())\n        gatherer", "self._doubts\n        gatherer"),
        ),
        (_POINTS + "::test_a_crash_after_the_call_before_t2[new_in_sugar-short]",),
    ),
    Mutant(
        "key-read-at-call-time",
        "Drawing the key for the call looks equivalent; the journal watches for another one than was planted.",
        (
            Change(
                _JOURNAL,
                "            payload=self.payload,\n            id=self.record,\n",
                "            payload={\n"
                "                name: [{**entries[0], 'value': self.id}] if name == 'clientData' else entries\n"
                "                for name, entries in self.payload.items()\n"
                "            } if self.op is Op.CREATE else self.payload,\n"
                "            id=self.record,\n",
            ),
            Change(
                _JOURNAL,
                "            key=self.key,\n            tries=self.tries,\n",
                "            key=self.id if self.op is Op.CREATE else self.key,\n            tries=self.tries,\n",
            ),
        ),
        (_POINTS + "::test_a_crash_after_the_call_before_t2[new_in_sugar-short]",),
    ),
    Mutant(
        "rendering-learned-from-a-later-read",
        "What a record shows after our write looks like its rendering of it; read later, it may be the user's edit.",
        swap(
            "shared/sync/settle.py",
            "            done.base[name] = step.target.get(name)\n            forget(done, name)\n",
            "            done.base[name] = step.target.get(name)\n            forget(done, name)\n"
            '            if (text := view.contact.values.get(name, "")) != done.base[name]:\n'
            "                known = {**done.renderings.get(step.side, {}), name: text}\n"
            "                done.renderings = {**done.renderings, step.side: known}\n",
        ),
        (_RECOVERY + "::test_an_edit_of_a_contact_made_in_doubt_is_an_edit_and_no_rendering",),
    ),
    Mutant(
        "doubtful-intent-closed",
        "A call that gave no answer looks finished; its create may have happened, and is then made again.",
        swap(
            _KEEP,
            "        closed = [op.id for op in sent if not isinstance(done.answers[op.id], InDoubt)]\n",
            "        closed = [op.id for op in sent]\n",
        ),
        (_RECOVERY + "::test_a_create_in_doubt_is_sent_again_once_and_not_before_the_quiet_period_is_over",),
    ),
    Mutant(
        "old-intent-outlives-its-successor",
        "Closing the old intent with the results looks atomic enough; a crash in between leaves two for one create.",
        (
            Change(_RUN, " if n == 0 else ())])", " if n < 0 else ())])"),
            Change(
                _RUN,
                "        settled = keeper.settle(done)\n",
                "        settled = keeper.settle(done)\n        recovered.closed += recovered.replaced\n",
            ),
        ),
        (_RECOVERY + "::test_a_crash_before_a_create_is_sent_again_leaves_one_intent_and_one_contact",),
    ),
    Mutant(
        "second-sending-forgotten",
        "A create sent again looks settled once it is answered; the first request may land days later.",
        swap(_COPIES, "self._head.sent[op.key] = Sent(", "_ = Sent("),
        ("tests/sync/test_late.py::test_a_google_create_that_lands_after_it_was_sent_again_is_removed",),
    ),
    Mutant(
        "late-copy-not-compared",
        "A second contact with our key looks like our own; the user may have made it theirs by an edit.",
        swap(
            _COPIES,
            "            if not reads_as_sent(self._env, sent, SideName.GOOGLE, record):\n",
            "            if not sent.digest:\n",
        ),
        ("tests/sync/test_late.py::test_a_late_copy_that_the_user_has_edited_stays_and_is_asked_about",),
    ),
    Mutant(
        "keys-cleared-with-the-first-part",
        "Clearing the keys before a large result is committed in parts looks the same; a crash between two parts "
        "forgets the rest.",
        swap(
            _KEEP,
            "            self._ledger.commit([*ahead, *self._counted(part), *self._errand.changes()])\n",
            "            everyone = [key for out in settled for key in _keys(done.batch, out)]\n"
            "            self._queue.clear(everyone)\n"
            "            ids = [op.id for ops in done.intents.values() for op in ops]\n"
            "            changes = [*self._queue.changes(), *self._journal.close(ids)]\n"
            "            self._ledger.commit([*self._counted(part), *self._errand.changes(), *changes])\n",
        ),
        (_LARGE,),
    ),
    Mutant(
        "no-epoch",
        "The lease was taken, so writing the head needs no precondition; a worker that slept past it overwrites all.",
        swap("shared/sync/ledger.py", "else Put(self._path, data, self._version)", "else Put(self._path, data)"),
        ("tests/sync/test_engines.py::test_a_worker_that_wakes_up_late_commits_nothing[sqlite]",),
    ),
    Mutant(
        "gate-forgets-the-time-out",
        "A lease that still stands looks good for one more call; the call may outlive it.",
        swap(
            "shared/sync/ledger.py",
            "if self._clock.now() + timedelta(seconds=seconds) > self.until:",
            "if self._clock.now() > self.until:",
        ),
        ("tests/sync/test_lease.py::test_no_call_is_begun_that_could_outlive_the_lease",),
    ),
    Mutant(
        "result-taken-in-twice",
        "The intents go with the last part of a result; without their ids in the link a crash tells the first part "
        "a second time.",
        swap(
            _KEEP,
            "out.link.intents = [op.id for op in ops if not isinstance(done.answers[op.id], InDoubt)]",
            "out.link.intents = []",
        ),
        (_LARGE,),
    ),
    Mutant(
        "commit-without-answer-taken-for-failed",
        "No answer looks like no commit; it was made, and the run stops with its work in doubt.",
        swap("shared/sync/ledger.py", "if head.commit == self.head.commit:", "if not head.commit:"),
        (_POINTS + "::test_a_commit_without_an_answer_is_neither_made_twice_nor_forgotten[made]",),
    ),
    Mutant(
        "commit-without-answer-taken-for-made",
        "The commit was sent, so it will be there; it is not, and what it held is forgotten.",
        swap(
            "shared/sync/ledger.py",
            '            raise LeaseLost("a later run of this user took over")\n        return False\n',
            '            raise LeaseLost("a later run of this user took over")\n        return True\n',
        ),
        (_POINTS + "::test_a_commit_without_an_answer_is_neither_made_twice_nor_forgotten[not made]",),
    ),
    Mutant(
        "feed-complete-by-its-end",
        "A feed that ended after the quiet period looks late enough; it shows the state of its beginning.",
        swap(
            "shared/sync/observe.py",
            "            state.complete_at = page.began_at.isoformat()\n",
            "            state.complete_at = self._clock.now().isoformat()\n",
        ),
        (_RECOVERY + "::test_only_a_feed_begun_after_the_quiet_period_says_that_a_create_never_arrived",),
    ),
    Mutant(
        "key-out-of-scope-not-watched",
        "What is neither linked nor in scope is other people's; it may be our own create whose label was taken off.",
        swap(
            "shared/sync/observe.py",
            "            or watched.intersection(key.planted)\n",
            "",
        ),
        (_RECOVERY + "::test_a_create_in_doubt_is_found_also_where_the_user_took_its_label_off",),
    ),
    Mutant(
        "sent-again-whatever-the-plan-says",
        "A create in doubt was wanted when it was sent; meanwhile the user has switched creating off, or entered the "
        "contact by hand.",
        swap(
            _RECOVER, "            if decision.action is not Action.CREATE:\n", "            if not decision.action:\n"
        ),
        (_RECOVERY + "::test_a_create_in_doubt_is_not_sent_again_once_creating_is_switched_off",),
    ),
    Mutant(
        "frozen-create-answers-for-its-source",
        "A create that is sent again settles its contact; but it was frozen before what its source shows now.",
        swap(
            "shared/sync/keep.py",
            "names = out.taken if out.decision.frozen else _decided(out)",
            "names = (out.decision.subject.key, *out.taken)",
        ),
        (_RECOVERY + "::test_an_edit_made_before_a_create_is_sent_again_is_not_forgotten_with_it[a plan]",),
    ),
)
