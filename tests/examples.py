"""Bodies of requests as people send them, for the OpenAPI document: by method and path, each with a title."""

from __future__ import annotations

from typing import Any

BODIES: dict[str, dict[str, Any]] = {
    "DELETE /account": {"confirmed": {"email": "jane@example.com"}},
    "POST /backlog_release": {
        "some": {"entries": ["s:7d9b1c2e-6a53-11ee-8c99-0242ac120002"]},
        "what was held, all of it": {"class": "held: mass deletion", "action": "approve"},
        "with an answer": {"entries": ["c4f6a1"], "action": "keep", "answers": {"phone_work": "google"}},
        "mended": {"entries": ["c4f6a1"], "action": "mend", "side": "google", "values": {"title": "Engineer"}},
        "the same person": {
            "entries": ["s:7d9b1c2e-6a53-11ee-8c99-0242ac120002"],
            "action": "choose",
            "candidates": ["g:people:c1a2b3"],
        },
        "never synced": {"entries": ["c4f6a1"], "action": "never"},
        "all": {"all": True},
    },
    "POST /labels": {"new": {"name": "From Sugar"}},
    "PATCH /settings": {
        "sync every hour": {"sync_regularly": True, "interval_minutes": 60},
        "ask me first": {"sync_regularly": True, "ask_first": True},
        "one way": {"from_google": {"update": False, "create": False, "delete": False}},
        "favourites only, under a label": {"sugar_scope": "favorites", "label": "contactGroups/1a2b3c"},
        "a further field": {"custom_fields": {"loyalty_tier_c": "Loyalty tier"}},
    },
    "POST /preview": {
        "a new plan": {},
        "the next part of it": {"plan": "69280c3f1b2a4c5d6e7f"},
    },
    "POST /undo": {
        "one row": {"row": "69280c3f1b2a4c5d6e7f-69280c401b2a4c5d6e7f"},
        "one field of it": {"row": "69280c3f1b2a4c5d6e7f-69280c401b2a4c5d6e7f", "fields": ["title"]},
        "a contact": {"contact": "69280c401b2a4c5d6e7f"},
        "a run": {"run": "69280c3f1b2a4c5d6e7f"},
        "a span of time": {"from": "2026-03-01T08:00:00Z", "to": "2026-03-01T09:00:00Z"},
        "whoever leaves": {"created": "google"},
    },
    "PUT /sugar": {
        "by password": {"address": "https://sugar.example.com", "user_name": "jane", "password": "only-an-example"}
    },
    "POST /sync": {
        "now, for who is signed in": {},
        "exactly a plan": {"plan": "69280c3f1b2a4c5d6e7f", "leave_out": ["69280c401b2a4c5d6e7f"]},
        "a task of the queue": {"uid": "8f14e45fceea167a5a36", "pair": "c9f0f895fb98ab9159f5"},
    },
}
