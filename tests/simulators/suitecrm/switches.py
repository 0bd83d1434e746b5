"""Where servers of this dialect differ, or where nothing is known: one switch per question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal, Self

from tests.simulators.sugar import switches as sugar


def _answers(*answers: Any, stops: bool = False) -> dict[str, Any]:
    """``stops``: with another answer than the first a person must act before anything can be synced."""
    return {"answers": answers, "stops": stops}


@dataclass(frozen=True)
class Switches(sugar.Switches):
    """One server's answers. What is inherited tells the shared state how this dialect stores, and is fixed."""

    # Text: what comes back for characters beyond the basic plane depends on tables and connection (11, 129, 136, 138).
    emoji: Literal["kept", "?", "????"] = field(default="????", metadata=_answers("????", "?", "kept"))
    # Listing: "Dates are UTC"; how far the server's clock is ahead (or behind), in seconds.
    server_skew: int = field(default=0, metadata=_answers(0, 90, -90))
    # Transport: PHP 8 takes the keys of rest_data as names of arguments, older PHP goes by their order.
    arguments: Literal["named", "by order"] = field(default="named", metadata=_answers("named", "by order"))
    # Sessions: PHP forgets one that was not used for so many seconds (session.gc_maxlifetime).
    session_idle: int = field(default=1440, metadata=_answers(1440, 300))
    # Sessions: bound to the client's /24 network unless `verify_client_ip` is off.
    verify_client_ip: bool = field(default=True, metadata=_answers(True, False))
    # Listing: `list_max_entries_per_page`, the page when none is asked for.
    default_page: int = field(default=20, metadata=_answers(20, 50))
    # Listing: `disable_count_query` makes total_count -1.
    total_count: bool = field(default=True, metadata=_answers(True, False))
    # Writing: whether flags that a write does not name are cleared on the address, which all contacts share.
    unnamed_flags_cleared: bool = field(default=True, metadata=_answers(True, False))
    # Writing: set_entries takes a create without id for the contact with the same name and email, if there is one.
    bulk_finds_duplicates: bool = field(default=True, metadata=_answers(True, False))
    # Reading: whether get_entry_list heeds `favorites`; the open edition has no favourites in this API.
    favorites_argument: Literal["ignored", "failure"] = field(
        default="ignored", metadata=_answers("ignored", "failure")
    )
    # Metadata: lengths are given (v4 and later), as texts or numbers as the field definitions have them.
    len_as_text: bool = field(default=True, metadata=_answers(True, False))

    # Fixed: how the state that is shared with the other dialect stores here.
    shared_addresses: bool = True
    invalid_email: Literal["kept", "dropped"] = "dropped"
    create_assigns_creator: bool = False

    @classmethod
    def own(cls) -> dict[str, tuple[Any, ...]]:
        """The questions of this dialect and their answers."""
        fields = {each.name: each for each in cls.__dataclass_fields__.values()}
        names = [name for name in Switches.__annotations__ if "answers" in fields[name].metadata]
        return {name: fields[name].metadata["answers"] for name in names}

    @classmethod
    def all_variants(cls) -> Iterator[Self]:
        """The default, then every other answer on its own."""
        yield cls()
        for name, answers in cls.own().items():
            for answer in answers[1:]:
                yield replace(cls(), **{name: answer})

    @classmethod
    def draw(cls, random: Random, *, stopping: bool = False) -> Self:
        """One answer to each question at random; none of them needs a person."""
        return replace(cls(), **{name: random.choice(answers) for name, answers in cls.own().items()})
