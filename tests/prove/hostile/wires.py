"""Mutators of whole answers, which know nothing of what is inside: bodies, encodings, headers, statuses."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from tests.prove.hostile.answer import ASKS, MARK, SAME, Change, Honest, Hope, Mutator
from tests.prove.hostile.calls import WRITES
from tests.simulators.wire import Reply

CLOSE = {"Connection": "close"}
_BOMB = 200 * 1024 * 1024
_DEEP = 100_000


def _text(answer: Honest) -> str:
    return answer.reply.encoded().decode()


def _bytes(make: Callable[[Honest], bytes], **headers: str) -> Change:
    return lambda answer: answer.with_body(make(answer), **headers)


def _fixed(status: int, body: Any, **headers: str) -> Change:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Reply(status, raw, named)


def _status(status: int) -> Change:
    """The honest body with another status of success."""
    return lambda answer: Reply(status, answer.reply.encoded(), dict(answer.reply.headers))


def _header(**headers: str) -> Change:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda answer: answer.with_body(answer.reply.encoded(), **named)


def _grown(make: Callable[[Any], Any]) -> Change:
    """An object's body with more in it."""

    def change(answer: Honest) -> Reply | None:
        body = answer.json
        return answer.with_body({**body, "extra": make(body)}) if isinstance(body, dict) else None

    return change


def _inserted(raw: bytes) -> Change:
    """An object's body with this JSON text as one more member."""

    def change(answer: Honest) -> Reply | None:
        body = answer.reply.encoded()
        return answer.with_body(b'{"extra":' + raw + b"," + body[1:]) if body.startswith(b'{"') else None

    return change


def _doubled(first: Callable[[Any], Any]) -> Change:
    """Every member of the body twice: first as something else, then as it is. The last one counts."""

    def change(answer: Honest) -> Reply | None:
        body = answer.json
        if not isinstance(body, dict) or not body:
            return None
        members = [(key, first(value)) for key, value in body.items()] + list(body.items())
        return answer.with_body(
            ("{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in members) + "}").encode()
        )

    return change


def _accented(encoding: str, errors: str = "strict") -> Change:
    """The body with a member beyond ASCII, in that encoding."""

    def change(answer: Honest) -> Reply | None:
        body = answer.json
        if not isinstance(body, dict):
            return None
        return answer.with_body(json.dumps({**body, "extra": "é"}, ensure_ascii=False).encode(encoding, errors))

    return change


@cache
def _packed() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"[" * (1024 * 1024)
    return b"".join(packer.compress(block) for _ in range(_BOMB // len(block))) + packer.flush()


def _bomb(_: Honest) -> bytes:
    return _packed()


def _deep(answer: Honest) -> bytes:
    return b'{"extra":' + b"[" * _DEEP + b"]" * _DEEP + b"}"


def _bodies() -> Iterator[Mutator]:
    yield Mutator("empty body", _bytes(lambda _: b""))
    yield Mutator("white space", _bytes(lambda _: b" \r\n\t" * 100))
    yield Mutator("html", _fixed(200, b"<html>maintenance</html>", Content_Type="text/html"))
    yield Mutator("text", _bytes(lambda _: MARK.encode(), **{"Content-Type": "text/plain"}))
    yield Mutator("cut by one byte", _bytes(lambda a: a.reply.encoded()[:-1]))
    yield Mutator("cut in half", _bytes(lambda a: a.reply.encoded()[: len(a.reply.encoded()) // 2]))
    yield Mutator("body twice", _bytes(lambda a: a.reply.encoded() * 2))
    for name, body in (
        ("null", None),
        ("true", True),
        ("a number", 7),
        ("a text", MARK),
        ("an empty list", []),
        ("a list of null", [None]),
        ("a list of lists", [[[]]]),
        ("an empty object", {}),
    ):
        yield Mutator(f"only {name}", _fixed(200, body))
    yield Mutator("in a list", lambda a: a.with_body([a.json]))
    yield Mutator("in an object", lambda a: a.with_body({"data": a.json}))
    yield Mutator("as a text", lambda a: a.with_body(_text(a)))
    yield Mutator("an error of Sugar with 200", _fixed(200, {"error": "need_login", "error_message": MARK}))
    yield Mutator(
        "an error of Google with 200", _fixed(200, {"error": {"code": 404, "message": MARK, "status": "NOT_FOUND"}})
    )
    yield Mutator("nested deeply", _bytes(_deep))
    yield Mutator("a member nested deeply", _inserted(b"[" * 900 + b"]" * 900))
    yield Mutator("a number of 5000 digits", _inserted(b"9" * 5000))
    yield Mutator("NaN", _inserted(b"NaN"))
    yield Mutator("Infinity", _inserted(b"-Infinity"))
    yield Mutator("half a character", _inserted(rb'"\ud800"'))
    yield Mutator("half a character as a key", _inserted(rb'{"\udfff": 1}'))
    yield Mutator("a member of 1 MB", _grown(lambda _: MARK * 120_000))
    yield Mutator("100,000 members", _grown(lambda _: {f"{MARK}{n}": n for n in range(100_000)}))
    yield Mutator("larger than any answer", _bytes(lambda a: a.reply.encoded() + b" " * (49 * 1024 * 1024)))
    yield Mutator("members twice, first null", _doubled(lambda _: None))
    yield Mutator("members twice, first empty", _doubled(lambda value: type(value)()))


def _encodings() -> Iterator[Mutator]:
    yield Mutator("latin-1", _accented("latin-1"))
    yield Mutator("utf-16", _accented("utf-16"))
    yield Mutator("utf-32", _accented("utf-32-be"))
    yield Mutator("byte order mark", _accented("utf-8-sig"))
    yield Mutator(
        "bytes that are no utf-8", _bytes(lambda a: a.reply.encoded()[:1] + b"\xff\xfe\x80" + a.reply.encoded()[1:])
    )
    yield Mutator("NUL bytes", _bytes(lambda a: b"\0\0" + a.reply.encoded()))
    for kind in ("text/html", "image/png", "application/json; charset=utf-16", "", MARK):
        yield Mutator(f"content type {kind or '(none)'}", _header(Content_Type=kind))
    yield Mutator("gzip", _bytes(lambda a: gzip.compress(a.reply.encoded()), **{"Content-Encoding": "gzip"}))
    yield Mutator("gzip that is none", _header(Content_Encoding="gzip"))
    yield Mutator("gzip cut", _bytes(lambda a: gzip.compress(a.reply.encoded())[:-9], **{"Content-Encoding": "gzip"}))
    yield Mutator("gzip bomb", _bytes(_bomb, **{"Content-Encoding": "gzip"}))
    yield Mutator("unknown encoding", _header(Content_Encoding="zq"))


def _framing() -> Iterator[Mutator]:
    def longer(answer: Honest) -> Reply:
        return answer.with_body(
            answer.reply.encoded(), **{"Content-Length": str(len(answer.reply.encoded()) + 100), **CLOSE}
        )

    def shorter(answer: Honest) -> Reply:
        return answer.with_body(answer.reply.encoded(), **{"Content-Length": str(len(answer.reply.encoded()) // 2)})

    def smuggled(answer: Honest) -> Reply:
        """What follows the body looks like the next answer."""
        raw = answer.reply.encoded()
        forged = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        return answer.with_body(raw + forged, **{"Content-Length": str(len(raw))})

    yield Mutator("Content-Length too large", longer)
    yield Mutator("Content-Length too small", shorter)
    yield Mutator("Content-Length negative", _header(Content_Length="-5", **CLOSE))
    yield Mutator("Content-Length no number", _header(Content_Length=MARK, **CLOSE))
    yield Mutator("an answer behind the answer", smuggled)
    chunked = {"Transfer-Encoding": "chunked", **CLOSE}
    yield Mutator("chunks that are none", _bytes(lambda a: b"zq\r\n" + a.reply.encoded(), **chunked))
    yield Mutator(
        "chunks cut",
        _bytes(lambda a: f"{len(a.reply.encoded()) + 9:x}\r\n".encode() + a.reply.encoded(), **chunked),
    )
    yield Mutator("200 headers", lambda a: a.with_body(a.reply.encoded(), **{f"X-{n}": MARK for n in range(200)}))
    yield Mutator("a header of 100 kB", _header(X_Long=MARK * 12_000))
    yield Mutator("cookies", _header(Set_Cookie=f"{MARK}={MARK}; Domain=.com; Path=/; Expires=0"))


def _dates() -> Iterator[Mutator]:
    for name, date in (
        ("in 2100", "Sat, 02 Jan 2100 09:00:00 GMT"),
        ("in 1990", "Tue, 02 Jan 1990 09:00:00 GMT"),
        ("in 9999", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("in the year 1", "Mon, 01 Jan 0001 00:00:00 GMT"),
        ("in a year of 20 digits", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"),
        ("without a zone", "Mon, 02 Mar 2026 09:05:00 -0000"),
        ("in no zone", "Mon, 02 Mar 2026 09:05:00 +9999"),
        ("of nothing", MARK),
        ("blank", " "),
    ):
        yield Mutator(f"Date {name}", _header(Date=date))


def _success() -> Iterator[Mutator]:
    for status in (201, 202, 203, 206, 226, 299):
        yield Mutator(f"{status} with the body", _status(status))
    yield Mutator("204", _fixed(204, b""))
    yield Mutator("205", _fixed(205, b""))


_PLACES = (
    ("elsewhere", "http://example.invalid/"),
    ("to a file", "file:///etc/passwd"),
    ("to metadata", "http://169.254.169.254/computeMetadata/v1/"),
    ("to no address", "http://[zq"),
    ("to a port that is none", "http://example.invalid:zq/"),
    ("to another scheme", "gopher://example.invalid"),
    ("to itself", "?"),
    ("nowhere", ""),
    ("to bytes", "\xff\xfe"),
)


def _redirects() -> Iterator[Mutator]:
    """After the effect: a redirect proves nothing, so the write has to count as in doubt."""
    for status in (301, 302, 303, 307, 308):
        yield Mutator(f"{status} elsewhere", _fixed(status, b"", Location="http://example.invalid/"))
    for name, place in _PLACES[1:]:
        yield Mutator(f"302 {name}", _fixed(302, b"", Location=place))
    yield Mutator("302 with a bomb", lambda a: Reply(302, _bomb(a), {"Location": "/", "Content-Encoding": "gzip"}))
    yield Mutator("304", _fixed(304, b""))


_WAITS = ("0", "-5", "999999999999", "1e9", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 1990 00:00:00 GMT", MARK)


def _refused(kind: str) -> Hope:
    """A contact that was refused waits for somebody to look at it."""
    return ASKS if kind in WRITES else SAME


def _refusals() -> Iterator[Mutator]:
    """Errors that prove that nothing was done, and so are only given where nothing was."""
    for status in (400, 402, 403, 404, 405, 406, 409, 410, 412, 413, 415, 418, 422, 423, 429, 431, 451):
        yield Mutator(
            f"{status} html", _fixed(status, b"<html>no</html>", Content_Type="text/html"), _refused, effect=False
        )
    for name, body in (
        ("null", None),
        ("a list", [1]),
        ("a text", MARK),
        ("an odd error", {"error": [MARK], "error_message": {MARK: 1}}),
        (
            "an error of numbers",
            {"error": {"code": MARK, "message": 7, "status": [], "details": [[], 1, {"reason": {}}]}},
        ),
        ("half a character", {"error": {"code": 400, "message": "\ud800", "status": "INVALID_ARGUMENT"}}),
        ("many words", {"error": "invalid_parameter", "error_message": MARK * 100_000}),
    ):
        yield Mutator(f"400 with {name}", _fixed(400, body), _refused, effect=False)
    for wait in _WAITS:
        yield Mutator(f"429, wait {wait}", _fixed(429, {}, Retry_After=wait), effect=False)
        yield Mutator(f"503, wait {wait}", _fixed(503, {}, Retry_After=wait))


def _failures() -> Iterator[Mutator]:
    for status in (408, 499, 500, 501, 502, 504, 507, 520, 599, 600, 999):
        yield Mutator(f"{status}", _fixed(status, {"error": "fatal_error", "error_message": MARK}))


CATALOGUE: tuple[Mutator, ...] = (
    *_bodies(),
    *_encodings(),
    *_framing(),
    *_dates(),
    *_success(),
    *_redirects(),
    *_refusals(),
    *_failures(),
)
