"""Run by a bare Python in an unpacked zip: starts the function as the platform does, and asks it everything once.

Prints, as JSON, what came of each of its routes, and the modules that were loaded by then.
"""

from __future__ import annotations

import json
import re
import sys

import functions_framework


def main() -> None:
    app = functions_framework.create_app("handler", "main.py")  # type: ignore[no-untyped-call]
    client = app.test_client(use_cookies=False)
    told = {}
    for route in sys.modules["main"].ROUTES:
        address = re.sub(r"\{\w+\}", "x", route.path) or "/"
        headers = {"Origin": "https://europe-west1-contact-sync-test.cloudfunctions.net"}
        answer = client.open(address, method=route.method, json=None if route.body is None else {}, headers=headers)
        told[f"{route.method} {route.path}"] = [answer.status_code, answer.headers.get("Location", "")]
    print(json.dumps({"answers": told, "modules": sorted(sys.modules)}))


main()
