"""The consent screen, for a person in front of a browser."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from tests.simulators.wire import Reply

_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in (simulated Google)</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>
body {{ font: 17px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 10vh auto; padding: 0 1rem }}
label {{ display: block; margin: 1rem 0 }} button {{ font: inherit; padding: .5rem 1.2rem; margin-right: .6rem }}
</style></head><body><main>
<h1>Simulated Google</h1>
<p>This stands in for Google's own page. You are signed in as <strong>{email}</strong>.</p>
<p>Sugar Contact Sync wants to know your email address, and to:</p>
<form method="get">
{hidden}
<label><input type="checkbox" name="contacts" value="yes" checked> see, edit and delete your contacts</label>
<button name="answer" value="allow">Allow</button>
<button name="answer" value="cancel">Cancel</button>
</form>
</main></body></html>
"""


def page(query: Mapping[str, str], email: str) -> Reply:
    """Asks; the answer comes to the same address, with ``answer`` and ``contacts``.

    Args:
        query: of the request, which the form carries on.
        email: who signs in.
    """
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in query.items()
    )
    text = _PAGE.format(email=escape(email), hidden=hidden)
    return Reply(200, text.encode(), {"Content-Type": "text/html; charset=utf-8"})
