"""From an HTTP request to a handler and back: what every function does alike.

In this order, so that whatever is refused has cost as little as possible::

    method, path ─▶ size ─▶ origin ─▶ session or token ─▶ rate ─▶ query and body ─▶ handler ─▶ answer ─▶ log
    │ no store, no key, no gRPC     │ a key, and the user's document
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

import msgspec

from shared.errors import SyncError
from shared.web.log import traced
from shared.web.problem import MEDIA_TYPE, WebError, bad_field, not_found, of_error, of_validation
from shared.web.route import Access, Ask, Rate, Reply, Route
from shared.web.session import Session

if TYPE_CHECKING:
    from flask import Request, Response
    from werkzeug.exceptions import HTTPException

    from shared.account.users import User
    from shared.web.services import Services

_log = logging.getLogger(__name__)

MOST_BODY = 64 * 1024
"""Bytes; the longest settings and releases take a tenth of it."""
_UNKNOWN = Rate(calls=60, seconds=60)
"""Calls of one address without a session, to functions that want one."""
_SAFE = ("GET", "HEAD")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer."""


class Function:
    """One cloud function: its name, its routes, and how it answers."""

    def __init__(self, name: str, routes: Sequence[Route], services: Callable[[], Services] | None = None) -> None:
        """
        Args:
            name: its path below the origin.
            services: gives what handlers need; by default that of this process's environment.
        """
        self.name = name
        self.routes = tuple(routes)
        self._services = services

    def __call__(self, request: Request) -> Response:
        try:
            services = self._get()
        except SyncError as error:
            _log.critical("not configured: %s", error.message, extra={"function": self.name})
            problem = WebError(500, "misconfigured", "this installation has to be configured; its log says how")
            return _response(_problem(problem), None, head=request.method == "HEAD")
        with traced(request.headers.get("X-Cloud-Trace-Context", ""), services.project):
            return self._logged(request, services)

    def _logged(self, request: Request, services: Services) -> Response:
        began = services.clock.now()
        noted: dict[str, Any] = {}
        try:
            reply, route = self._answer(request, services, noted)
        except WebError as error:
            reply, route = _problem(error), None
        except SyncError as error:
            reply, route = _problem(of_error(error)), None
            noted["error"] = type(error).__name__
        except Exception:  # noqa: BLE001 -- nothing of the inside may reach a browser
            # The last line of defence: an answer that says nothing of the inside, and a line that says where.
            _log.exception("failed", extra={"function": self.name, **noted})
            reply, route = _problem(WebError(500, "internal", "something went wrong here; it has been logged")), None
        response = _response(reply, route, head=request.method == "HEAD")
        seconds = (services.clock.now() - began).total_seconds()
        line = {"function": self.name, "method": request.method, "status": response.status_code}
        _log.info("request", extra={**line, "seconds": round(seconds, 3), **noted})
        return response

    @property
    def entry(self) -> Callable[[Request], Response]:
        """The same as a plain function: the framework takes no other callable. ``inspect.unwrap`` gives this back.

        The framework asks for it while it makes an app. What that app answers by itself, to addresses that it cannot
        read, has our form from then on.
        """
        from flask import current_app, has_app_context
        from werkzeug.exceptions import HTTPException

        def handler(request: Request) -> Response:
            return self(request)

        if has_app_context():
            current_app.register_error_handler(HTTPException, _unread)
        update_wrapper(handler, self)
        return handler

    def _get(self) -> Services:
        if self._services is None:
            from shared.web.services import current

            self._services = current
        return self._services()

    def _answer(self, request: Request, services: Services, noted: dict[str, Any]) -> tuple[Reply, Route]:
        route, args = self._route(request)
        address = _address(request)
        cookies = _cookies(request.headers.get("Cookie", ""))
        token = request.headers.get("Authorization", "")
        # Browsers, too, may send the header: what a proxy in front of us asks them for ("Basic ...").
        bears = token.startswith("Bearer ")
        by_platform = route.access is Access.PLATFORM or (route.access is Access.EITHER and bears)
        content = _content(request)
        if not by_platform and request.method not in _SAFE:
            _same_origin(request, services)
        user, session = None, None
        if by_platform:
            if not bears or not services.platform.admits(token.removeprefix("Bearer ")):
                raise WebError(403, "not-the-platform", "only the project's own scheduler and queue may call this")
        elif route.access is not Access.OPEN:
            user, session = self._user(services, cookies, address)
            noted["uid"] = user.uid
            if user.erasing and not route.while_erasing:
                raise WebError(409, "erasing", "your data are being deleted: repeat that until it is done")
        if route.rate is not None and not by_platform:
            _slow_down(services, f"{self.name} {route.method} {route.path}", user.uid if user else address, route.rate)
        ask = Ask(
            services=services,
            route=route,
            args=args,
            query=_query(request, route),
            body=_body(content, request, route),
            headers={name.lower(): value for name, value in request.headers.items()},
            cookies=cookies,
            address=address,
            user=user,
            began=session.began if session else 0.0,
            noted=noted,
        )
        result = route.call(ask)
        reply = result if isinstance(result, Reply) else Reply(result)
        if session is not None and not reply.cookies and (fresh := services.sessions.renew(session)):
            reply.cookies.append(fresh)
        return reply, route

    def _route(self, request: Request) -> tuple[Route, Mapping[str, str]]:
        path = request.path.rstrip("/")
        # Behind one host the platform may or may not have taken the function's name off the path.
        if path == f"/{self.name}" or path.startswith(f"/{self.name}/"):
            path = path[len(self.name) + 1 :]
        found = [(route, args) for route in self.routes if (args := route.match(path)) is not None]
        if not found:
            raise not_found("address here")
        method = "GET" if request.method == "HEAD" else request.method
        allowed = sorted({route.method for route, _ in found})
        for route, args in found:
            if route.method == method:
                return route, args
        raise WebError(405, "wrong-method", f"this address takes {', '.join(allowed)}", allow=allowed)

    def _user(self, services: Services, cookies: Mapping[str, str], address: str) -> tuple[User, Session]:
        cookie = cookies.get(services.sessions.name, "")
        session = services.sessions.open(cookie) if cookie else None
        user = services.users.load(session.uid) if session else None
        if session is None or user is None or session.began < user.signed_out_at:
            _slow_down(services, "unknown", address, _UNKNOWN)
            raise WebError(401, "signed-out", "sign in first")
        return user, session


def _slow_down(services: Services, name: str, caller: str, rate: Rate) -> None:
    if wait := services.rates.wait(name, caller, rate):
        raise WebError(429, "too-often", f"try again in {int(wait) + 1} seconds", retry_after=int(wait) + 1)


def _same_origin(request: Request, services: Services) -> None:
    """A change must come from our own pages: browsers say where from, and cannot be made to lie."""
    if request.headers.get("Origin", "") != services.config.public_url:
        raise WebError(403, "other-origin", f"changes are taken from {services.config.public_url} only")


def _content(request: Request) -> bytes:
    if (request.content_length or 0) > MOST_BODY:
        raise WebError(413, "too-large", f"at most {MOST_BODY} bytes are taken")
    content: bytes = request.stream.read(MOST_BODY + 1)
    if len(content) > MOST_BODY:
        raise WebError(413, "too-large", f"at most {MOST_BODY} bytes are taken")
    return content


def _query(request: Request, route: Route) -> Any:
    given = request.args.to_dict(flat=False)
    if route.query is None:
        return None
    many = next((name for name, values in given.items() if len(values) > 1), None)
    if many is not None:
        raise bad_field(f"query.{many[:64]}", "may be given once")
    try:
        query = msgspec.convert({name: values[0] for name, values in given.items()}, route.query, strict=False)
    except msgspec.ValidationError as error:
        raise of_validation(error, where="query") from None
    names = zip(route.query.__struct_encode_fields__, route.query.__struct_fields__, strict=True)
    for name, field in names:
        # The text "null" is read as nothing, and nothing as "any": who wrote it meant something else.
        if name in given and getattr(query, field) is None:
            raise bad_field(f"query.{name}", "must be left out where nothing is meant")
    return query


def _body(content: bytes, request: Request, route: Route) -> Any:
    if route.body is None:
        return None
    if request.mimetype != "application/json":
        raise WebError(415, "not-json", "the body must be application/json")
    try:
        return msgspec.json.decode(content, type=route.body)
    except msgspec.ValidationError as error:
        raise of_validation(error) from None
    except (msgspec.DecodeError, RecursionError):
        raise WebError(400, "bad-json", "the body must be JSON") from None


def _cookies(header: str) -> dict[str, str]:
    """By name. What is no cookie is passed over: others of this host may have set it, and ours stands beside it."""
    from werkzeug.sansio.http import parse_cookie

    return parse_cookie(header).to_dict()


def _address(request: Request) -> str:
    """The caller's: the platform's front end puts it last."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return forwarded.rsplit(",", 1)[-1].strip() or request.remote_addr or "unknown"


def _problem(error: WebError) -> Reply:
    return Reply(error.problem, error.status, dict(error.headers))


def _unread(error: HTTPException) -> Response:
    """What the framework refuses before any function is asked."""
    code = "not-found" if error.code == 404 else "unreadable"
    return _response(_problem(WebError(error.code or 400, code, "this cannot be asked here")), None, head=False)


def _response(reply: Reply, route: Route | None, *, head: bool) -> Response:
    from flask import Response

    status = reply.status or (route.status if route else 200)
    body: bytes | Iterator[bytes]
    if isinstance(reply.body, bytes | Iterator):
        body, kind = reply.body, "application/octet-stream"
    elif reply.body is None:
        body, kind = b"", ""
        status = 204 if status == 200 else status
    else:
        body = msgspec.json.encode(reply.body)
        kind = MEDIA_TYPE if status >= 400 else "application/json"
    response = Response(b"" if head else body, status=status)
    response.headers.remove("Content-Type")
    if kind:
        response.headers["Content-Type"] = kind
    for name, value in {**HEADERS, **reply.headers}.items():
        response.headers[name] = value
    for cookie in reply.cookies:
        response.headers.add("Set-Cookie", cookie)
    return response
