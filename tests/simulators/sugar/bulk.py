"""``POST /bulk``: many calls in one, in sequence, none undone when another fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulators.sugar.errors import SugarError
from tests.simulators.sugar.switches import Switches
from tests.simulators.wire import Reply, Request


def bulk(outer: Request, switches: Switches, answer: Callable[[Request], Reply]) -> list[dict[str, Any]]:
    """The answers to all items, in their order.

    Args:
        answer: carries out one item; errors are answers, too.

    Raises:
        SugarError: the request as a whole is none, or too large.
    """
    body = outer.json()
    requests = body.get("requests") if isinstance(body, dict) else None
    if requests is None:
        raise SugarError("missing_parameter", "Missing parameter: requests")
    if not isinstance(requests, list):
        raise SugarError("invalid_parameter", "Invalid parameter: requests")
    if switches.bulk_max is not None and len(requests) > switches.bulk_max:
        raise SugarError("request_too_large")
    answers = []
    for item in requests:
        try:
            reply = answer(_request(outer, item, switches))
        except SugarError as error:
            reply = error.reply()
        headers: Any = dict(reply.headers) or ([] if switches.bulk_headers_as_list else {})
        answers.append({"contents": reply.body, "headers": headers, "status": reply.status})
    return answers


def _request(outer: Request, item: Any, switches: Switches) -> Request:
    if not isinstance(item, dict) or not isinstance(item.get("url"), str):
        raise SugarError("invalid_parameter", "Invalid parameter: url")
    data = item.get("data", "")
    if not isinstance(data, str):
        raise SugarError("invalid_parameter", "Invalid parameter: data must be a JSON string")
    target = urlsplit(item["url"])
    path = "/rest/" + target.path.lstrip("/")
    headers = {k: v for k, v in outer.headers.items() if k not in ("x-timestamp", "x-raw-target")}
    if switches.bulk_item_headers:
        headers.update(_headers(item.get("headers")))
    query = {k: v[-1] for k, v in parse_qs(target.query, keep_blank_values=True).items()}
    return Request(
        str(item.get("method") or "GET").upper(), path, query, headers, data.encode("utf-8", "surrogatepass")
    )


def _headers(raw: Any) -> dict[str, str]:
    """An object, or a list of ``"Name: value"``."""
    if isinstance(raw, dict):
        return {str(name).lower(): str(value) for name, value in raw.items()}
    lines = [each.partition(":") for each in raw if isinstance(each, str)] if isinstance(raw, list) else []
    return {name.strip().lower(): value.strip() for name, _, value in lines}
