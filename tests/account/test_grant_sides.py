"""Two that write the grants at once: each keeps its side, and the same side has one winner."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.account.grants import GoogleGrant, Grants, GrantStore, SugarGrant
from shared.account.vault import Vault
from shared.errors import Conflict
from shared.store.port import Create, Remove
from shared.store.sqlite import SqliteStore
from tests.cloud.memory import memory_vault
from tests.simulators.wire import SimClock


@pytest.fixture
def vault() -> Vault:
    return memory_vault(SimClock())


@pytest.fixture
def store(tmp_path: Path, vault: Vault) -> SqliteStore:
    made = SqliteStore(tmp_path / "documents.sqlite")
    GrantStore(made, "u1", vault).save(Grants(sugar=sugar("old"), google=google("old")))
    return made


def sugar(refresh: str) -> SugarGrant:
    return SugarGrant(
        address="https://crm.example.com", platform="p", user_id="7", user_name="jane", tokens={"refresh": refresh}
    )


def google(refresh: str) -> GoogleGrant:
    return GoogleGrant(subject="42", tokens={"refresh_token": refresh})


def known(store: SqliteStore, vault: Vault) -> tuple[str, str]:
    found = GrantStore(store, "u1", vault).load()
    assert found.sugar is not None
    assert found.google is not None
    return found.sugar.tokens["refresh"], found.google.tokens["refresh_token"]


def test_each_keeps_its_side(store: SqliteStore, vault: Vault) -> None:
    """A run renews Sugar's tokens, and the user signs in to Google meanwhile."""
    run, browser = GrantStore(store, "u1", vault), GrantStore(store, "u1", vault)
    mine, other = run.load(), browser.load()
    other.google = google("new")
    browser.save(other)
    assert mine.sugar is not None
    for refresh in ("first", "second"):
        mine.sugar.tokens = {"refresh": refresh}
        run.save(mine)
        assert known(store, vault) == (refresh, "new")


def test_and_the_other_way_round(store: SqliteStore, vault: Vault) -> None:
    run, browser = GrantStore(store, "u1", vault), GrantStore(store, "u1", vault)
    mine, other = run.load(), browser.load()
    assert mine.sugar is not None
    mine.sugar.tokens = {"refresh": "new"}
    run.save(mine)
    other.google = google("new")
    browser.save(other)
    assert known(store, vault) == ("new", "new")


def test_what_was_granted_anew_is_not_undone_later(store: SqliteStore, vault: Vault) -> None:
    """The run goes on with the Google tokens that it read, and renews those, too."""
    run, browser = GrantStore(store, "u1", vault), GrantStore(store, "u1", vault)
    mine, other = run.load(), browser.load()
    other.google = google("granted anew")
    browser.save(other)
    assert mine.sugar is not None
    mine.sugar.tokens = {"refresh": "new"}
    run.save(mine)
    mine.google = google("renewed from the old one")
    run.save(mine)
    assert known(store, vault) == ("new", "granted anew")


def test_of_the_same_side_the_first_wins(store: SqliteStore, vault: Vault) -> None:
    one, two = GrantStore(store, "u1", vault), GrantStore(store, "u1", vault)
    mine, other = one.load(), two.load()
    mine.sugar, other.sugar = sugar("mine"), sugar("other")
    one.save(mine)
    with pytest.raises(Conflict):
        two.save(other)
    assert known(store, vault) == ("mine", "old")


def test_who_disconnects_wins_over_a_renewal(store: SqliteStore, vault: Vault) -> None:
    run, browser = GrantStore(store, "u1", vault), GrantStore(store, "u1", vault)
    mine, other = run.load(), browser.load()
    other.sugar = None
    browser.save(other)
    mine.sugar = sugar("renewed")
    with pytest.raises(Conflict):
        run.save(mine)
    assert GrantStore(store, "u1", vault).load().sugar is None


def test_what_was_deleted_stays_deleted(store: SqliteStore, vault: Vault) -> None:
    run = GrantStore(store, "u1", vault)
    mine = run.load()
    store.commit([Remove("users/u1/grants/current")])
    mine.sugar = sugar("renewed")
    with pytest.raises(Conflict):
        run.save(mine)
    assert store.get("users/u1/grants/current") is None


def test_what_belongs_to_it_is_written_with_it_or_not_at_all(store: SqliteStore, vault: Vault) -> None:
    keeper, other = GrantStore(store, "u1", vault), GrantStore(store, "u1", vault)
    mine, theirs = keeper.load(), other.load()
    theirs.google = google("new")
    other.save(theirs)
    mine.sugar = sugar("new")
    keeper.save(mine, Create("users/u1", {"a": 1}))
    assert known(store, vault) == ("new", "new")
    mine.sugar = sugar("newer")
    with pytest.raises(Conflict):
        keeper.save(mine, Create("users/u1", {"a": 1}))  # it is there: no writing of the grants can mend that
    assert known(store, vault) == ("new", "new")
