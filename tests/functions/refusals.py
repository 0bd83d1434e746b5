"""Asks every function, configured for the cloud, what it has to refuse; prints what was answered, and what that loaded.

A process of its own: ``python -m tests.functions.refusals``. Nothing here can reach Google, so whatever tried to would
show, too.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from itsdangerous import URLSafeSerializer

ORIGIN = "https://contacts.example.com"
CLOUD = {
    "PUBLIC_URL": ORIGIN,
    "STORE": "firestore:some-project",
    "SECRETS": "google:some-project",
    "TASKS": "projects/p/locations/l/queues/q",
    "OAUTH_CLIENT_ID": "some-client",
    "PLATFORM_ACCOUNT": "tasks@some-project.iam.gserviceaccount.com",
}
HEAVY = (
    *("grpc", "google.cloud.firestore", "google.cloud.secretmanager", "google.cloud.tasks", "google.api_core"),
    *("google.auth", "googleapiclient", "cryptography", "requests", "sqlite3"),
)


def signed(claims: dict[str, Any]) -> str:
    """As ours, by somebody without our key."""
    return f"1.{URLSafeSerializer(b'mallory', salt='contact-sync session').dumps(claims)!s}"


LONG_AGO = {"uid": "u1", "began": 1_000_000_000, "renewed": 1_000_000_000, "end": 1_000_007_200}
STALE = f"__Host-session={signed(LONG_AGO)}"


def refusals(name: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and what goes along: what no function may let in."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    preflight = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "PUT"}
    found += [("OPTIONS", "", {"headers": preflight}), ("TRACE", "", {}), ("GET", "/../../x", {}), ("GET", "/%00", {})]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for origin in (
            {},
            {"Origin": "https://evil.example.com"},
            {"Origin": "null"},
            {"Origin": f"{ORIGIN}.evil.com"},
        ):
            found.append((method, "", {"headers": {**origin, "Cookie": STALE}, "json": {}}))
        found.append((method, "", {"headers": {"Origin": ORIGIN}, "data": b"x" * 70_000}))
    if name == "oauth_start":
        return [*found, ("GET", "?then=//evil.example.com", {})]
    if name == "oauth_callback":
        state = {"Cookie": "__Host-sign-in=a.b"}
        found += [
            ("GET", query, {"headers": state}) for query in ("", "?error=access_denied", "?code=c&state=nonsense")
        ]
        found.append(("GET", f"?code=c&state={signed({'bound': 'x', 'end': 1_000_000_000})}", {"headers": state}))
        found.append(("GET", f"?code=c&state={signed({'bound': 'x', 'end': 9_000_000_000})}", {"headers": state}))
        found.append(("GET", f"?code=c&state={signed({'bound': 'x', 'end': 9_000_000_000})}", {}))
        return found
    for cookie in (
        "",
        "__Host-session=",
        "__Host-session=nonsense",
        "session=1.x",
        STALE,
        "__Host-session=" + "x" * 5000,
    ):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            headers = {"Origin": ORIGIN, **({"Cookie": cookie} if cookie else {})}
            found.append((method, "", {"headers": headers, **({} if method == "GET" else {"json": {}})}))
    found.append(("POST", "", {"headers": {"Authorization": "Bearer nonsense"}, "json": {}}))
    return found


def main() -> None:
    os.environ.update(CLOUD)
    from shared.local.site import FUNCTIONS, Site, names, nothing

    assert FUNCTIONS.is_dir()
    from werkzeug.test import Client

    client = Client(Site(nothing), use_cookies=False)
    answers: list[tuple[str, str, str, int]] = []
    for name in names():
        for method, path, how in refusals(name):
            # Each from an address of its own: what is too often is refused before anything else is looked at.
            headers = {**how.get("headers", {}), "X-Forwarded-For": f"198.51.100.{len(answers)}"}
            answer = client.open(f"/{name}{path}", method=method, **{**how, "headers": headers})
            answers.append((name, method, path, answer.status_code))
    loaded = sorted({module for module in sys.modules if module.startswith(HEAVY)})
    print(json.dumps({"answers": answers, "loaded": loaded}))


if __name__ == "__main__":
    main()
