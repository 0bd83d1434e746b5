"""What is not confirmed about Sugar: one switch per open question, so that tests can try every answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from random import Random
from typing import Any, Literal


def _answers(*answers: Any, stops: bool = False) -> dict[str, Any]:
    """``stops``: with another answer than the first a person must act before anything can be synced."""
    return {"answers": answers, "stops": stops}


@dataclass(frozen=True)
class Switches:
    """One server's answers to the open questions. The default is the likeliest one."""

    # Sign-in: "Bad password: 401 need_login, 401 or 400 invalid_grant (reports differ)".
    bad_password: Literal["401 need_login", "401 invalid_grant", "400 invalid_grant"] = field(
        default="401 need_login", metadata=_answers("401 need_login", "401 invalid_grant", "400 invalid_grant")
    )
    # Sign-in: "Expired refresh: 401 or 400".
    expired_refresh: Literal["401 invalid_grant", "400 invalid_grant"] = field(
        default="400 invalid_grant", metadata=_answers("400 invalid_grant", "401 invalid_grant")
    )
    # Sign-in: "oauth2.max_session_lifetime can cap refreshing"; seconds since the sign-in with a password.
    max_session_lifetime: int | None = field(default=None, metadata=_answers(None, 7200, stops=True))
    # Sign-in: rotation is known for the refresh token only; whether the old access token lives on is not.
    old_access_survives_refresh: bool = field(default=False, metadata=_answers(False, True))
    # Sign-in: an unregistered platform is 422, on instances that refuse unknown ones.
    unknown_platforms_refused: bool = field(default=False, metadata=_answers(False, True, stops=True))
    # Sign-in: "Send a User-Agent (403 client_not_allowed exists)".
    user_agent_required: bool = field(default=True, metadata=_answers(True, False))
    # Sign-in: "Validate user IP address" is on and the client's address changes: the session dies at its first use.
    ip_validation: bool = field(default=False, metadata=_answers(False, True, stops=True))
    # Sign-in: "password grant for SSO users: U".
    sso_password_grant: bool = field(default=False, metadata=_answers(False, True, stops=True))
    # Listing: the cap of max_num "depends on the instance (200 and more in use)".
    max_num_cap: int = field(default=200, metadata=_answers(200, 50, 1000))
    # Listing: "the shape of a deleted row is U": with its fields, without them, or with `deleted` only when asked for.
    tombstone: Literal["minimal", "full", "as asked"] = field(
        default="minimal", metadata=_answers("minimal", "full", "as asked")
    )
    # Listing: "email/email1 reportedly filters the primary address only".
    email_filter: Literal["primary", "all"] = field(default="primary", metadata=_answers("primary", "all"))
    # Listing: of filters by email "exactness is U": the same address, or any that starts with it.
    email_match: Literal["exact", "prefix"] = field(default="exact", metadata=_answers("exact", "prefix"))
    # Listing: whether text compares without case and accents, as the usual database collations do, is not said.
    text_folds: bool = field(default=True, metadata=_answers(True, False))
    # Records: "X-Timestamp: U on the wire form": any form of the instant, only the exact text, not compared,
    # or a form that is not known here, so that no date ever equals.
    timestamp_check: Literal["instant", "text", "ignored", "never"] = field(
        default="instant", metadata=_answers("instant", "text", "ignored", "never")
    )
    # Records: "email flags: older instances give "1"/"0"".
    flags_as_text: bool = field(default=False, metadata=_answers(False, True))
    # Records: "Sugar does not validate writes" says nothing about addresses that are none.
    invalid_email: Literal["kept", "dropped"] = field(default="kept", metadata=_answers("kept", "dropped"))
    # Records: the list of an email's keys is an example; newer instances may add an id.
    email_ids: bool = field(default=False, metadata=_answers(False, True))
    # Records: opt_out and invalid_email may belong to the address, shared by all contacts that have it.
    shared_addresses: bool = field(default=False, metadata=_answers(False, True))
    # Records: `_acl.fields` "is [] or {}".
    acl_as_list: bool = field(default=False, metadata=_answers(False, True))
    # Records: whether a blank value reads "" or null is not said.
    blank_as_null: bool = field(default=False, metadata=_answers(False, True))
    # Records: what happens to a date that is none is not said: blank, or 422.
    bad_date: Literal["blank", "refused"] = field(default="blank", metadata=_answers("blank", "refused"))
    # Records: whether the database holds characters beyond the basic plane (the older dialect: "?" on some).
    emoji: Literal["kept", "?", "????"] = field(default="kept", metadata=_answers("kept", "?"))
    # Records: whether a write's answer shows the stored values or echoes the sent ones (the older dialect echoes).
    answer_echoes: bool = field(default=False, metadata=_answers(False, True))
    # Records: whether a write that changes nothing moves date_modified (in the older dialect it does).
    idle_write_moves_date: bool = field(default=True, metadata=_answers(True, False))
    # Records: whom a contact is assigned to when its create does not say.
    create_assigns_creator: bool = field(default=True, metadata=_answers(True, False))
    # Records: lengths in the metadata are numbers or texts.
    len_as_text: bool = field(default=False, metadata=_answers(False, True))
    # Bulk: "no documented maximum"; a larger one is refused as a whole, 413.
    bulk_max: int | None = field(default=None, metadata=_answers(None, 20))
    # Bulk: whether an item's own headers (X-Timestamp) count is not said.
    bulk_item_headers: bool = field(default=True, metadata=_answers(True, False))
    # Bulk: an answer's `headers` when there are none, {} or [].
    bulk_headers_as_list: bool = field(default=False, metadata=_answers(False, True))
    # Errors: "429 U"; calls a minute.
    rate_limit: int | None = field(default=None, metadata=_answers(None, 60, stops=True))
    # Listing: "never later than server time": how far Sugar's clock is ahead (or behind), in seconds.
    server_skew: int = field(default=0, metadata=_answers(0, 90, -90))

    @classmethod
    def all_variants(cls) -> Iterator[Switches]:
        """The default, then every other answer on its own."""
        yield cls()
        for each in fields(cls):
            for answer in each.metadata["answers"]:
                if answer != each.default:
                    yield replace(cls(), **{each.name: answer})

    @classmethod
    def draw(cls, random: Random, *, stopping: bool = False) -> Switches:
        """One answer to each question at random; those that need a person only with ``stopping``."""
        drawn = {
            each.name: random.choice(each.metadata["answers"])
            for each in fields(cls)
            if stopping or not each.metadata["stops"]
        }
        return replace(cls(), **drawn)
