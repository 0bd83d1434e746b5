"""Each function has the rights that it was seen to need, and no others."""

from __future__ import annotations

import pytest

from shared.local.site import names
from tests.infra.seen import WORKER, Seen
from tests.infra.terraform import INFRA, Applied

AT_TIMES = {
    "dispatch": "its place, where more are due than one run takes",
    "fields": "Sugar's fields, when those known are a day old",
}
"""Who writes documents, and why no user's day shows it."""


def test_everything_was_called(seen: Seen) -> None:
    assert seen.asked == {*names(), WORKER}, "the story of a new user has to call every function"


def documents(everything: Applied) -> dict[str, str]:
    rights = everything.of("google_project_iam_member", "documents")
    return {name: told["role"].rpartition(".")[2] for name, told in rights.items()}


def test_documents(everything: Applied, seen: Seen) -> None:
    wanted = dict.fromkeys(seen.read, "viewer") | dict.fromkeys(seen.wrote | set(AT_TIMES), "user")
    assert documents(everything) == wanted
    assert not seen.wrote & set(AT_TIMES)


def pairs(everything: Applied, name: str) -> set[tuple[str, str]]:
    rights = everything.of("google_secret_manager_secret_iam_member", name)
    return {(function, secret) for function, _, secret in (key.partition(" ") for key in rights)}


def test_secrets(everything: Applied, seen: Seen) -> None:
    for granted, needed in (("reads", seen.secrets), ("starts", seen.added)):
        assert pairs(everything, granted) == {(name, secret) for name in needed for secret in needed[name]}


@pytest.mark.parametrize("name", names())
def test_every_function_has_its_line(name: str) -> None:
    """Also where there is no Terraform to tell."""
    text = (INFRA / "functions.tf").read_text(encoding="utf-8")
    listed = text.partition("listed = {")[2].partition("\n  }\n")[0]
    assert f"\n    {name} " in listed, f"infra/terraform/functions.tf: a line for {name} is missing in `listed`"
