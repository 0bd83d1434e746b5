"""Grants: what is stored of them, what opens, and seals that are renewed."""

from __future__ import annotations

import re
import sqlite3
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.account.grants import NEWER, OLDER, GoogleGrant, Grants, GrantStore, SugarGrant, contact_page
from shared.account.keyring import KeyRing
from shared.account.secret_manager import SecretManager
from shared.account.vault import Vault
from shared.errors import Conflict, SyncError
from shared.people import oauth
from shared.store.port import Change, Put, Remove, Version
from shared.store.sqlite import SqliteStore
from shared.sync.report import Status
from tests.account.conftest import RING
from tests.cloud.memory import MemorySecrets, memory_vault
from tests.cloud.secret_manager import SecretManagerServer
from tests.cloud.server import Code
from tests.simulators.wire import SimClock
from tests.sync.scenarios import BOTH
from tests.world import TOKEN_KEYS, User, World, world

PATH = "users/u1/grants/current"
SUGAR = {"access": "sugar-access-token", "refresh": "sugar-refresh-token"}
GOOGLE = {"refresh_token": "google-refresh-token", "access_token": "google-access-token"}
TOKENS = [*SUGAR.values(), *GOOGLE.values()]


def grants() -> Grants:
    return Grants(
        sugar=SugarGrant(
            address="https://crm.example.com", platform="p", user_id="7", user_name="jane", tokens=dict(SUGAR)
        ),
        google=GoogleGrant(subject="42", tokens=dict(GOOGLE)),
    )


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "documents.sqlite")


@pytest.fixture
def vault() -> Vault:
    return memory_vault(SimClock())


def stored(store: SqliteStore, path: str = PATH) -> dict[str, Any]:
    doc = store.get(path)
    assert doc is not None
    return doc.data


def test_what_was_saved_is_loaded(store: SqliteStore, vault: Vault) -> None:
    assert GrantStore(store, "u1", vault).load() == Grants()
    for saved in (grants(), Grants(sugar=grants().sugar), Grants(google=grants().google), Grants()):
        keeper = GrantStore(store, "u1", vault)
        keeper.load()
        keeper.save(saved)
        assert GrantStore(store, "u1", vault).load() == saved


def test_only_the_tokens_are_sealed(store: SqliteStore, vault: Vault) -> None:
    GrantStore(store, "u1", vault).save(grants())
    data = stored(store)
    sealed = [data["sugar"].pop("tokens"), data["google"].pop("tokens")]
    assert all(re.fullmatch(r"v1\.1\.[\w-]+", text) for text in sealed)
    assert data["google"] == {"subject": "42"}
    assert (data["sugar"]["address"], data["sugar"]["user_id"]) == ("https://crm.example.com", "7")


def test_two_that_save_at_once(store: SqliteStore, vault: Vault) -> None:
    GrantStore(store, "u1", vault).save(grants())
    first, second = GrantStore(store, "u1", vault), GrantStore(store, "u1", vault)
    mine, other = first.load(), second.load()
    first.save(mine)
    first.save(mine)
    with pytest.raises(Conflict):
        second.save(other)
    with pytest.raises(Conflict):
        GrantStore(store, "u1", vault).save(grants())  # never loaded: there must be none


def test_a_side_that_only_the_other_one_changed_is_left_to_it(store: SqliteStore, vault: Vault) -> None:
    """A run renews Sugar's tokens, and again, while the user signs in to Google: neither is lost."""
    GrantStore(store, "u1", vault).save(grants())
    run, browser = GrantStore(store, "u1", vault), GrantStore(store, "u1", vault)
    mine, theirs = run.load(), browser.load()
    assert theirs.google is not None
    assert mine.sugar is not None
    theirs.google.tokens = {"refresh_token": "granted again"}
    browser.save(theirs)
    for renewed in ("once", "twice"):
        mine.sugar.tokens = {"access": renewed, "refresh": renewed}
        run.save(mine)
        loaded = GrantStore(store, "u1", vault).load()
        assert loaded.sugar is not None
        assert loaded.google is not None
        assert loaded.sugar.tokens["access"] == renewed
        assert loaded.google.tokens == {"refresh_token": "granted again"}
        assert GrantStore(store, "u1", vault).load().google == theirs.google


def test_a_side_that_both_changed_is_a_conflict(store: SqliteStore, vault: Vault) -> None:
    GrantStore(store, "u1", vault).save(grants())
    run, browser = GrantStore(store, "u1", vault), GrantStore(store, "u1", vault)
    mine, theirs = run.load(), browser.load()
    assert mine.sugar is not None
    assert theirs.sugar is not None
    theirs.sugar.tokens = {"access": "signed in again"}
    browser.save(theirs)
    before = store.get(PATH)
    mine.sugar.tokens = {"access": "renewed"}
    with pytest.raises(Conflict):
        run.save(mine)
    assert store.get(PATH) == before


def test_saving_leaves_the_grants_as_they_are(store: SqliteStore, vault: Vault) -> None:
    given = grants()
    GrantStore(store, "u1", vault).save(given)
    assert given == grants()


# -- what does not open ------------------------------------------------------------------------------


def move(store: SqliteStore, uid: str = "u1", **changes: Mapping[str, Any]) -> None:
    """The document of ``u1`` under another user, or beside other accounts."""
    data = stored(store)
    for side, fields in changes.items():
        data[side] |= fields
    store.commit([Put(f"users/{uid}/grants/current", data)])


def test_another_users_tokens_do_not_open(store: SqliteStore, vault: Vault) -> None:
    GrantStore(store, "u1", vault).save(grants())
    move(store, "u2")
    loaded = GrantStore(store, "u2", vault).load()
    assert loaded.sugar is not None
    assert loaded.google is not None
    assert (loaded.sugar.tokens, loaded.google.tokens) == ({}, {})


@pytest.mark.parametrize("changes", [{"address": "https://evil.example.com"}, {"user_id": "8"}])
def test_tokens_open_for_the_account_that_gave_them_only(
    store: SqliteStore, vault: Vault, changes: dict[str, str]
) -> None:
    GrantStore(store, "u1", vault).save(grants())
    move(store, sugar=changes)
    loaded = GrantStore(store, "u1", vault).load()
    assert loaded.sugar is not None
    assert loaded.google is not None
    assert (loaded.sugar.tokens, loaded.google.tokens) == ({}, GOOGLE)


def test_one_sides_tokens_do_not_open_as_the_others(store: SqliteStore, vault: Vault) -> None:
    GrantStore(store, "u1", vault).save(grants())
    data = stored(store)
    move(store, sugar={"tokens": data["google"]["tokens"]})
    loaded = GrantStore(store, "u1", vault).load()
    assert loaded.sugar is not None
    assert loaded.sugar.tokens == {}


def test_what_does_not_open_stays_until_it_is_granted_again(store: SqliteStore, vault: Vault) -> None:
    GrantStore(store, "u1", vault).save(grants())
    before = stored(store)["google"]["tokens"]
    keeper = GrantStore(store, "u1", memory_vault(SimClock()))  # keys that were lost and made again
    loaded = keeper.load()
    assert loaded.sugar is not None
    assert loaded.google is not None
    loaded.sugar.tokens = dict(SUGAR)
    keeper.save(loaded)
    assert stored(store)["google"]["tokens"] == before
    again = keeper.load()
    assert again.sugar is not None
    assert again.google is not None
    assert (again.sugar.tokens, again.google.tokens) == (SUGAR, {})
    again.google.tokens = dict(GOOGLE)
    keeper.save(again)
    assert keeper.load() == grants()


def test_an_account_that_is_granted_anew_keeps_nothing_of_the_old_one(store: SqliteStore, vault: Vault) -> None:
    GrantStore(store, "u1", vault).save(grants())
    keeper = GrantStore(store, "u1", memory_vault(SimClock()))
    loaded = keeper.load()
    before = stored(store)["google"]["tokens"]
    loaded.google = GoogleGrant(subject="43", tokens={})
    keeper.save(loaded)
    assert stored(store)["google"]["tokens"] != before


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.PERMISSION_DENIED])
def test_keys_that_cannot_be_had_are_no_lost_grant(
    store: SqliteStore, server: SecretManagerServer, hasty: SecretManager, code: Any
) -> None:
    clock = SimClock()
    GrantStore(store, "u1", Vault(KeyRing(hasty, RING, clock))).save(grants())
    before = stored(store)
    server.fault(code, times=None)
    with pytest.raises(SyncError, match=RING):
        GrantStore(store, "u1", Vault(KeyRing(hasty, RING, clock))).load()
    assert stored(store) == before
    server.heal()
    assert GrantStore(store, "u1", Vault(KeyRing(hasty, RING, clock))).load() == grants()


# -- seals -------------------------------------------------------------------------------------------


def sealed_under(data: Mapping[str, Any]) -> set[str]:
    return {data[side]["tokens"].split(".")[1] for side in ("sugar", "google")}


def test_seals_are_renewed_once(store: SqliteStore) -> None:
    ring = KeyRing(MemorySecrets(), RING, SimClock())
    GrantStore(store, "u1", Vault(ring)).save(grants())
    ring.rotate()
    keeper = GrantStore(store, "u1", Vault(ring))
    loaded = keeper.load()
    assert loaded == grants()
    keeper.renew_seals(loaded)
    assert sealed_under(stored(store)) == {"2"}
    before = store.get(PATH)
    keeper.renew_seals(loaded)
    keeper.renew_seals(keeper.load())
    assert store.get(PATH) == before
    assert keeper.load() == grants()


def test_every_save_renews_the_seals(store: SqliteStore) -> None:
    ring = KeyRing(MemorySecrets(), RING, SimClock())
    GrantStore(store, "u1", Vault(ring)).save(grants())
    ring.rotate()
    keeper = GrantStore(store, "u1", Vault(ring))
    keeper.save(keeper.load())
    assert sealed_under(stored(store)) == {"2"}


def test_renewing_never_undoes_a_new_grant(store: SqliteStore) -> None:
    ring = KeyRing(MemorySecrets(), RING, SimClock())
    GrantStore(store, "u1", Vault(ring)).save(grants())
    ring.rotate()
    run, browser = GrantStore(store, "u1", Vault(ring)), GrantStore(store, "u1", Vault(ring))
    old, new = run.load(), browser.load()
    assert new.google is not None
    new.google.tokens = {"refresh_token": "granted again"}
    browser.save(new)
    with pytest.raises(Conflict):
        run.renew_seals(old)
    assert browser.load() == new


# -- what shows --------------------------------------------------------------------------------------


def test_tokens_never_show() -> None:
    given = grants()
    shown = StringIO()
    print(given, [given], {"grants": given}, f"{given!r} {given.sugar} {given.google}", file=shown)
    rich = [value.__rich_repr__() for value in (given, given.sugar, given.google) if value is not None]
    shown.write(repr(rich))
    for word in (*TOKENS, "jane"):
        assert word not in shown.getvalue()


def test_an_error_of_conversion_shows_no_token() -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"google": {"subject": "s", "tokens": TOKENS[0]}}, Grants)
    assert TOKENS[0] not in str(raised.value)


# -- runs --------------------------------------------------------------------------------------------


class Remembering(SqliteStore):
    """Keeps everything that was ever written."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.everything: list[bytes] = []

    def commit(self, changes: Sequence[Change]) -> Mapping[str, Version]:
        for change in changes:
            if not isinstance(change, Remove):
                self.everything.append(msgspec.json.encode(change.data))
        return super().commit(changes)


def contents(file: Path) -> list[bytes]:
    """Every value of every row as it lies in the file, unpacked where it is packed."""
    found = []
    with closing(sqlite3.connect(file)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - a name of our own
                for value in row:
                    found.append(value if isinstance(value, bytes) else str(value).encode())
    packed = [value for value in found if value[:1] == b"\x78"]
    assert packed
    return found + [zlib.decompress(value) for value in packed]


def tokens_on_the_wire(w: World) -> set[str]:
    """Every token that either side was sent or gave."""
    found = set(w.people.oauth.grants)
    for call in [*w.sugar_wire.log, *w.people_wire.log]:
        headers, body = call.request.headers, call.request.json()
        found |= {headers.get("oauth-token", ""), headers.get("authorization", "").removeprefix("Bearer ")}
        if isinstance(body, dict):
            found.add(str(body.get("refresh_token", "")))
        elif call.request.path == "/token":
            found.add(call.request.form().get("refresh_token", ""))
    return {token for token in found if token}


def test_no_token_and_no_key_is_ever_in_the_store(tmp_path: Path) -> None:
    file = tmp_path / "documents.sqlite"
    secrets = MemorySecrets()
    with closing(Remembering(file)) as store, world(store=store, secrets=secrets) as w:
        user = w.user(**BOTH)
        w.sugar.add(by=user.sugar_user, last_name="Byron", email=["ada@x.org"])
        user.sync()
        w.clock.advance(5000)  # both are renewed
        user.sync()
        KeyRing(secrets, TOKEN_KEYS, w.clock).rotate()
        w.clock.advance(5000)
        user.sync()
        tokens = {token.encode() for token in tokens_on_the_wire(w)}
        loaded = GrantStore(w.store, user.uid, w.vault).load()
        assert loaded.sugar is not None
        assert loaded.google is not None
        tokens |= {loaded.sugar.tokens[name].encode() for name in ("access", "refresh")}
        tokens |= {loaded.google.tokens[name].encode() for name in ("access_token", "refresh_token")}
        assert len(tokens) >= 8
        keys = secrets.versions[TOKEN_KEYS]
        assert len(keys) == 2
        hidden = [form for text in (*tokens, *keys) for form in (text, b64encode(text), urlsafe_b64encode(text))]
        haystack = [*store.everything, *contents(file)]
        assert any(b"ada@x.org" in text for text in haystack)
        for text in hidden:
            assert not any(text in place for place in haystack)


def path_of(user: User) -> str:
    return f"users/{user.uid}/grants/current"


def test_a_rotation_costs_each_user_one_write(tmp_path: Path) -> None:
    secrets = MemorySecrets()
    with closing(SqliteStore(tmp_path / "documents.sqlite")) as store, world(store=store, secrets=secrets) as w:
        user = w.user(**BOTH)
        user.sync()
        w.store.reset()
        user.run()
        usual = w.store.written
        KeyRing(secrets, TOKEN_KEYS, w.clock).rotate()
        w.clock.advance(400)
        w.store.reset()
        asked = len(secrets.asked)
        assert user.run().status is Status.DONE
        assert w.store.written == usual + 1
        assert secrets.asked[asked:] == ["latest"]
        assert sealed_under(stored(store, path_of(user))) == {"2"}
        w.store.reset()
        user.run()
        assert w.store.written == usual
        assert len(secrets.asked) == asked + 1
        secrets.versions[TOKEN_KEYS][0] = b"gone" * 8  # nothing needs the old one any more
        w.clock.advance(5000)
        assert Vault(KeyRing(secrets, TOKEN_KEYS, w.clock)).open(user.uid, *google(store, user))
        assert user.run().status is Status.DONE


def google(store: SqliteStore, user: User) -> tuple[str, str]:
    grant = stored(store, path_of(user))["google"]
    return f"google {grant['subject']}", grant["tokens"]


@pytest.mark.parametrize("side", ["sugar", "google"])
def test_a_side_that_does_not_open_asks_for_a_sign_in(tmp_path: Path, side: str) -> None:
    with closing(SqliteStore(tmp_path / "documents.sqlite")) as store, world(store=store) as w:
        user = w.user(**BOTH)
        user.sync()
        data = stored(store, path_of(user))
        kept = dict(data[side])
        text = data[side]["tokens"]
        data[side]["tokens"] = text[:-8] + ("A" if text[-8] != "A" else "B") + text[-7:]
        store.commit([Put(path_of(user), data)])
        report = user.run()
        assert report.status is Status.BLOCKED
        assert f"{side.capitalize()}" in report.message
        assert "sign in" in report.message
        keeper = GrantStore(w.store, user.uid, w.vault)
        loaded = keeper.load()
        if side == "google":
            assert loaded.google is not None
            loaded.google.tokens = oauth.Tokens(refresh_token=user.account.grant()).to_json()
            keeper.save(loaded)
        else:
            data[side] = kept
            store.commit([Put(path_of(user), data)])
        assert user.run().status is Status.DONE


@pytest.mark.parametrize(
    ("dialect", "page"),
    [(NEWER, "/#Contacts/7"), (OLDER, "/index.php?module=Contacts&action=DetailView&record=7")],
)
def test_a_contacts_page_in_either_dialect(dialect: str, page: str) -> None:
    address = "https://crm.example.com/sugar"
    assert contact_page(address, dialect) + "7" == address + page
