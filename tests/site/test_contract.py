"""The running functions keep what ``openapi.yaml`` promises, whatever they are sent.

For every operation: its examples, every boundary and every kind of mistake that its schema knows, and random requests.
Nothing may be answered with 5xx, with a status or a shape that is not told, and no mistake may be accepted.
"""

from __future__ import annotations

import copy
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from shared.account.sign_in import uid_of
from shared.sync.order.model import Order
from tests.conftest import IN_CI
from tests.openapi import document, routes
from tests.site.browser import Browser
from tests.site.running import Running, running

RANDOM = int(os.environ.get("EXAMPLES") or (30 if IN_CI else 5))
"""Random requests of one operation, on top of those some 1,000 of all that are the same each time."""
OPERATIONS = [f"{route.method} /{name}{route.path}" for name, route in routes()]


class Caller:
    """Sends what was generated, as somebody who is signed in, with everything connected."""

    def __init__(self, site: Running) -> None:
        self.site = site
        self.uid = uid_of(site.town.account.subject)
        self.seen: Counter[int] = Counter()
        self._good = 0
        self._browser: Browser = site.jane()
        self._sync()

    def begin(self) -> None:
        """Of the next operation the first good request holds what there is, then every second one."""
        self.seen.clear()
        self._good = 0

    def ready(self) -> None:
        """Repairs what the requests before have done to the account."""
        user = self.site.services.users.load(self.uid)
        if user is None or user.erasing:
            self._browser = self.site.jane()
            self._sync()
        elif not user.pair:
            self._browser.sign_in()
            assert self._browser.put("/sugar", self.site.town.login).status == 200
        # No request is one too many, and the tokens of both sides end now and then.
        self.site.clock.advance(301)

    def call(self, case: Any) -> Any:
        self.ready()
        if case.meta.generation.mode.is_positive:
            self._good += 1
            if self._good % 2:
                self._fit(case)
        session = self.site.services.sessions.begin(self.uid).partition(";")[0]
        headers = {"Cookie": session, "Origin": self.site.url}
        if case.operation.path == "/dispatch":
            headers["Authorization"] = f"Bearer {self.site.token()}"
        answer = case.call(base_url=self.site.url, headers=headers)
        self.seen[answer.status_code] += 1
        return answer

    def _fit(self, case: Any) -> None:
        """Puts in what only this installation knows; the request is a good one otherwise."""
        user = self.site.services.users.load(self.uid)
        assert user is not None
        assert user.paths is not None
        paths = user.paths
        match case.operation.label:
            case "GET /history/{row}":
                case.path_parameters["row"] = self._some(paths.collection("history"))
            case "GET /backlog/{entry}":
                case.path_parameters["entry"] = self._some(paths.collection("backlog"))
            case "GET /preview/{plan}" | "GET /preview/{plan}/report" | "GET /preview/{plan}/alike":
                case.path_parameters["plan"] = self._plan(paths.collection("plans"))
            case "DELETE /preview/{plan}":
                case.path_parameters["plan"] = self._new_plan()
            case "PUT /sugar":
                case.body = dict(self.site.town.login)
            case "POST /backlog_release":
                case.body = {"entries": [self._some(paths.collection("backlog"))]}
            case "POST /undo":
                case.body = {"row": self._written(paths.collection("history"))}

    def _plan(self, collection: str) -> str:
        """A stored one whose hour is not over; made where there is none."""
        found = [Order.load(doc.data) for doc in self.site.services.store.query(collection)]
        now = self.site.clock.now()
        return next((order.id for order in found if not order.expired(now)), "") or self._new_plan()

    def _new_plan(self) -> str:
        self._browser.sign_in()  # a request before may have signed everybody out
        return str(self._browser.post("/preview", {}).ok["plan"]["id"])

    def _some(self, collection: str) -> str:
        return self.site.services.store.query(collection, limit=1)[0].id

    def _written(self, history: str) -> str:
        """A row that wrote something: one that only linked two contacts has nothing to take back."""
        return next(doc.id for doc in self.site.services.store.query(history) if doc.data["native"])

    def _sync(self) -> None:
        # Whoever signs in again after erasing finds everybody on both sides already, but for this one.
        town = self.site.town
        town.sugar.add(by=town.sugar_user, first_name="Nell", last_name=f"Newcomer {len(town.sugar.contacts())}")
        self._browser.patch("/settings", from_google={"create": True})
        for _ in range(3):
            self.site.clock.advance(61)
            assert self._browser.post("/sync", {}).ok["status"] == "done"
        assert self._browser.get("/backlog").ok["items"]


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    # No generated address leads anywhere but to the simulator.
    with running(each=2, SUGAR_HOSTS="sugar.invalid") as site:
        yield Caller(site)


@pytest.fixture(scope="module")
def schema() -> Any:
    import schemathesis

    # Who is let in is another test's matter: here somebody always is.
    told = copy.deepcopy(document())
    for methods in told["paths"].values():
        for operation in methods.values():
            del operation["security"]
    made = schemathesis.openapi.from_dict(told)
    made.config.checks.negative_data_rejection.expected_statuses = ["400", "404", "405", "413", "415", "422"]
    return made


def kept() -> list[Any]:
    """The promises."""
    from schemathesis import checks
    from schemathesis.specs.openapi import checks as openapi

    return [
        checks.not_a_server_error,
        openapi.status_code_conformance,
        openapi.content_type_conformance,
        openapi.response_headers_conformance,
        openapi.response_schema_conformance,
        openapi.negative_data_rejection,
        openapi.unsupported_method,
        openapi.allow_header_conformance,
    ]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_keeps_its_promises(name: str, caller: Caller, schema: Any) -> None:
    from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test

    promises = kept()
    method, path = name.split(" ")
    operation = schema[path][method]
    seed = int(os.environ.get("SEED") or (0 if IN_CI else random.randrange(10**6)))  # noqa: S311 -- no secret

    def keeps(case: Any) -> None:
        case.validate_response(caller.call(case), checks=promises)

    settings = hypothesis.settings(max_examples=RANDOM, deadline=None, database=None, print_blob=False)
    config = HypothesisTestConfig(schema.config, list(HypothesisTestMode), settings, seed=seed)
    caller.begin()
    try:
        create_test(operation=operation, test_func=keeps, config=config)()
    except BaseException as error:
        error.add_note(
            f"The same again: EXAMPLES={RANDOM} SEED={seed} .venv/bin/python -m pytest {__file__} -k '{path}'"
        )
        raise
    assert any(status < 400 for status in caller.seen), f"nothing of it was ever accepted: {caller.seen}"
