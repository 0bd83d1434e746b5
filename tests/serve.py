"""``python -m tests.serve``: everything on one machine, until Ctrl-C.

Configured by environment variables, which the README lists. Where ``OAUTH_CLIENT_ID`` is not set, both APIs are
simulated: each start is a new world, and nothing of it is kept.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from shared.errors import SyncError
from shared.local.server import Server

VAR = Path("var")
WRONG = 2
"""Exit code where something in the configuration has to be mended."""


@contextmanager
def simulated() -> Iterator[tuple[dict[str, str], list[str]]]:
    """Simulators, the variables that lead to them, and what to say of them."""
    # Imported late: a real installation needs none of it.
    from tests.site.town import EMAIL, PASSWORD, USER, town

    VAR.mkdir(exist_ok=True)
    with town() as made, tempfile.TemporaryDirectory(prefix="simulated-", dir=VAR) as folder:
        kept = {"STORE": f"sqlite:{folder}/contacts.sqlite", "SECRETS": f"folder:{folder}/secrets"}
        said = [
            f"Google is simulated at {made.people_wire.url}: everybody who signs in is {EMAIL}.",
            f"Sugar is simulated; connect it with address {made.sugar_wire.url} user name {USER} password {PASSWORD}",
        ]
        yield kept | made.environment(), said


def serve(environment: Mapping[str, str]) -> None:
    """Serves until Ctrl-C. Raises what :class:`Server` does."""
    with ExitStack() as stack:
        said: list[str] = []
        if not environment.get("OAUTH_CLIENT_ID", "").strip():
            simulators, said = stack.enter_context(simulated())
            environment = {**environment, **simulators}
        server = Server(environment)
        for line in (f"Open {server.services.config.public_url}/ in a browser.", *said, "Ctrl-C ends it."):
            print(line, flush=True)
        server.run()


def main() -> int:
    # Whoever stops it in another way than by Ctrl-C means the same.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        serve(os.environ)
    except SyncError as error:
        print(error.message, file=sys.stderr)
        return WRONG
    except OSError as error:
        print(f"LISTEN: {error.strerror or error}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
