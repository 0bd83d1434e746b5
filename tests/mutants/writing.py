"""Mutants about what is sent to a side, and how its answer is taken."""

from __future__ import annotations

from tests.mutants.mutant import Change, Mutant, swap

_OPERATIONS = "shared/people/operations.py"

MUTANTS = (
    Mutant(
        "google-call-repeated-when-cut",
        "Trying again after a broken connection is what libraries do; the first request may have made the contact.",
        (
            Change(
                "shared/people/transport.py",
                "        answer = self._send(uri, method, body, headers or {}, token)\n        if answer[0]",
                "        try:\n"
                "            answer = self._send(uri, method, body, headers or {}, token)\n"
                "        except NoAnswer:\n"
                "            answer = self._send(uri, method, body, headers or {}, token)\n"
                "        if answer[0]",
            ),
        ),
        ("tests/people/test_refusals.py::test_an_unknown_outcome_is_in_doubt_and_nothing_is_sent_again",),
    ),
    Mutant(
        "sugar-cut-taken-for-not-sent",
        "No answer looks like nothing done; the request had gone out, and the contact may be there.",
        swap(
            "shared/sugar/http.py",
            'return AmbiguousError(f"{name}: {what}") if writes else Unavailable(f"{name}: {what}")',
            'return Unavailable(f"{name}: {what}")',
        ),
        ("tests/sugar/test_apply_answers.py::test_a_cut_connection_leaves_a_doubt_and_nothing_more_is_sent",),
    ),
    Mutant(
        "google-update-without-etag",
        "The record was read a moment ago; an edit made since then is overwritten without a word.",
        (
            Change(_OPERATIONS, 'source["etag"] = version', 'source.pop("etag", None)'),
            Change(_OPERATIONS, 'if isinstance(before.get("etag"), str):', "if not before:"),
        ),
        ("tests/people/test_writing.py::test_a_stale_etag_stops_only_its_contact",),
    ),
    Mutant(
        "sugar-update-without-lock",
        "Only changed fields are sent, so nothing seems at stake; an edit of the same field made since is lost.",
        swap("shared/sugar/bulk.py", "if write.op is not Op.UPDATE or not isinstance(dated, str):", "if write.op:"),
        ("tests/sugar/test_apply.py::test_a_contact_that_changed_meanwhile_is_not_overwritten",),
    ),
    Mutant(
        "stale-taken-for-unmoved",
        "The date that goes along may be what Sugar does not like; the contact may have changed, too.",
        swap("shared/sugar/unmoved.py", "isinstance(read, Record) and read.version == write.version", "bool(read)"),
        (
            "tests/sugar/test_unmoved.py::test_what_did_change_is_not_overwritten",
            "tests/sync/test_unmoved.py::test_an_edit_made_right_before_the_write_is_merged",
        ),
    ),
    Mutant(
        "wall-blames-everybody",
        "Others went through, so what a firewall refuses alone is at fault; it may have closed since, for everybody.",
        swap("shared/sugar/wall.py", "self._through = self._apart", "self._through = True"),
        ("tests/sugar/test_wall.py::test_a_wall_that_closes_between_those_that_go_alone_is_nobodys_trouble",),
    ),
    Mutant(
        "mask-clears-what-is-missing",
        "A body needs only what it changes; one mask serves the whole batch, and a list missing under it is cleared.",
        swap(
            _OPERATIONS,
            "            body[people] = [stripped(people, entry) for entry in entries(before, people)]\n",
            "            continue\n",
        ),
        ("tests/people/test_writing.py::test_a_union_mask_clears_nobody",),
    ),
    Mutant(
        "padding-held-against-the-contact",
        "The batch names who is to blame; but it is the batch that made it carry a list which it does not change.",
        swap(
            "shared/people/batches.py",
            "            if isinstance(blame, Rejected) and _padded(write, part):\n",
            "            if alone:\n",
        ),
        ("tests/people/test_writing.py::test_what_a_contact_carries_for_the_batchs_sake_is_not_held_against_it",),
    ),
    Mutant(
        "lost-label-held-against-the-contact",
        "A refused create is its contact's fault; with the label deleted each one is refused, and nobody hears of it.",
        swap("shared/people/batches.py", "            self._labels.ask_about(refused)\n", "            pass\n"),
        ("tests/people/test_chosen.py::test_creates_with_a_label_that_is_gone_are_not_sent",),
    ),
    Mutant(
        "frozen-label-sent-for-ever",
        "What is sent again is sent as it was frozen; a label deleted since is refused however often it comes.",
        swap(
            "shared/people/chosen.py",
            "        if not gone:\n            return write\n",
            "        if write:\n            return write\n",
        ),
        ("tests/people/test_chosen.py::test_labels_of_another_time_give_way_to_the_chosen_one",),
    ),
    Mutant(
        "lost-label-taken-for-leaving-the-scope",
        "Nobody carries the label any more, so all have left the scope; somebody has deleted the label.",
        swap("shared/people/side.py", '            self._labels.must_exist("google_scope")\n', "            pass\n"),
        ("tests/sync/test_scopes.py::test_nor_does_it_where_leaving_the_scope_deletes_and_the_run_says_what_to_do",),
    ),
    Mutant(
        "refused-create-tried-for-ever",
        "Not there any more means that the contact moved on and is to be read again; a create was never there.",
        swap(
            "shared/sync/settle.py",
            "    return step.op is not Op.CREATE and isinstance(outcome.error, StaleVersion | Vanished)\n",
            "    return isinstance(outcome.error, StaleVersion | Vanished)\n",
        ),
        ("tests/sync/test_settle.py::test_a_create_cannot_be_overtaken",),
    ),
    Mutant(
        "private-elements-dropped",
        "Writing the slots that are synced looks complete; the list replaces the user's other phones too.",
        swap(
            "shared/people/fieldmap.py",
            "        front: list[Entry] = []\n",
            "        front: list[Entry] = []\n"
            "        ours = {paired.element.index for paired in pairing.slots.values() if paired}\n"
            "        result = [entry if n in ours else None for n, entry in enumerate(result)]\n",
        ),
        (
            "tests/people/test_slots.py::test_an_edited_private_element_is_not_promoted_to_a_blank_slot",
            "tests/sync/plan/test_properties.py::test_private_elements_are_never_touched",
        ),
    ),
    Mutant(
        "answers-matched-by-order",
        "A batch is answered in the order it was sent, as a rule; where it is not, contacts are linked crosswise.",
        swap(
            _OPERATIONS,
            "        return [self._outcome(self.batch_call, persons_made, write) for write in writes]\n",
            '        return [_done(self.batch_call, made, self._scope, asked_for="") for made in persons_made]\n',
        ),
        ("tests/people/test_writing.py::test_a_hundred_creates_are_one_call_and_answers_go_by_key",),
    ),
    Mutant(
        "deleted-without-the-last-read",
        "It was read for the plan; a delete carries no version, so an edit made since then goes with it.",
        swap("shared/sync/execute.py", "        mine = _still_there(sides[side], mine, answers)\n", ""),
        ("tests/sync/test_recovery.py::test_a_delete_meets_what_was_edited_after_the_plan",),
    ),
    Mutant(
        "opt-out-lost",
        "A new address is a new address; who had declined mails under the old one gets them again.",
        swap("shared/contact/emails.py", "Email(address, opt_out=opt_out or guessed)", "Email(address)"),
        ("tests/contact/test_emails.py::test_both_directions",),
    ),
    Mutant(
        "no-claims",
        "Everybody looks up before creating; two colleagues may look at the same moment, and both find nobody.",
        swap("shared/sync/run.py", "more = [*self._claims.changes(now)] if flat else []", "more = []"),
        ("tests/sync/test_matching.py::test_two_colleagues_who_look_up_at_the_same_moment_make_one_contact_in_sugar",),
    ),
    Mutant(
        "loser-not-told",
        "The rule has decided, so the other value is settled; nobody can get it back.",
        swap(
            "shared/sync/plan/merge.py",
            "            loser = sugar if target is SideName.SUGAR else google\n",
            "            loser = None\n",
        ),
        (
            "tests/sync/test_history.py::test_every_loser_of_a_conflict_is_kept",
            "tests/sync/plan/test_properties.py::test_no_edit_is_lost",
        ),
    ),
)
