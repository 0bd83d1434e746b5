"""The page: one HTML file, its style and scripts, as they lie in ``page``; they ask the other functions for the rest.

They carry nobody's data, so whoever asks gets them.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from shared.web.function import Function
from shared.web.route import Access, Ask, Reply, Route

PAGE = Path(__file__).parent / "page"
INDEX = "index.html"
FILES = (
    "app.css",
    "app.js",
    "texts.js",
    "backlog.js",
    "connections.js",
    "history.js",
    "overview.js",
    "plan.js",
    "preview.js",
    "report.js",
    "settings.js",
    "sync.js",
    "who.js",
    "why.js",
)
"""All that can be asked for by name; the first three come with the page, each other one when it is needed."""
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src data:",  # the icon stands in the page: one request less
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # Whatever a contact is called, text becomes neither markup nor script.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)


def send(ask: Ask) -> Reply:
    content, etag = _read(ask.route.path.lstrip("/") or INDEX)
    headers = {
        "Content-Security-Policy": _POLICY,
        # Browsers keep it and ask about it each time: what is served fits together, also after an update.
        "Cache-Control": "no-cache",
        "ETag": etag,
    }
    if etag in ask.headers.get("if-none-match", ""):
        return Reply(None, 304, headers)
    kind = _KINDS[Path(ask.route.path or INDEX).suffix]
    return Reply(content, headers={**headers, "Content-Type": f"{kind}; charset=utf-8"})


@cache
def _read(name: str) -> tuple[bytes, str]:
    """One file, and its ETag."""
    content = (PAGE / name).read_bytes()
    return content, f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


ROUTES = (
    Route("GET", send, "The page", access=Access.OPEN),
    *(Route("GET", send, f"Its part {name}", path=f"/{name}", access=Access.OPEN) for name in FILES),
)
handler = Function("ui", ROUTES).entry
