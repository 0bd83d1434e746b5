"""How many contacts a second one core plans: ``python -m tests.bench.bench_plan``.

Linked pairs as a sweep brings them: views of both sides, normal forms, three-way merge of every field; one in ten is
edited. Then new ones, to be matched and created. In batches of 100.
"""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path
from typing import Any

from shared.side import Record
from shared.sync.link import Link
from shared.sync.plan.batch import plan_batch
from shared.sync.plan.model import Half, Presence, Subject
from tests.sync.plan import make

BATCH = 100
CAST = Path(__file__).parent.parent / "demo" / "data" / "legislators.jsonl"


def sugar_record(n: int, row: dict[str, Any], title: str) -> Record:
    office = (row.get("offices") or [{}])[0]
    native = {
        "id": f"s{n}",
        "date_modified": "2026-03-02T09:00:00+00:00",
        "first_name": row["given_name"],
        "last_name": row["family_name"],
        "title": title,
        "department": row["organization"],
        "email": [{"email_address": row["email"], "primary_address": True, "invalid_email": False, "opt_out": False}],
        "phone_work": office.get("voice", ""),
        "primary_address_street": office.get("address", ""),
        "birthdate": row.get("birth_date", ""),
        "description": row.get("district", ""),
    }
    for name in make.SCHEMA.fields:
        native.setdefault(name, "")
    return Record(f"s{n}", "v1", native, in_scope=True)


def google_record(n: int, row: dict[str, Any]) -> Record:
    office = (row.get("offices") or [{}])[0]
    native: dict[str, Any] = {
        "resourceName": f"people/c{n}",
        "names": [{"givenName": row["given_name"], "familyName": row["family_name"]}],
        "emailAddresses": [{"value": row["email"], "type": "work"}],
        "phoneNumbers": [{"value": f"555{n}", "type": "pager"}],
        "organizations": [{"title": row["title"], "department": row["organization"]}],
        "biographies": [{"value": row.get("district", ""), "contentType": "TEXT_PLAIN"}],
        "memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/myContacts"}}],
    }
    if office.get("voice"):
        native["phoneNumbers"].insert(0, {"value": office["voice"], "type": "work"})
    if office.get("address"):
        native["addresses"] = [{"streetAddress": office["address"], "type": "work"}]
    if row.get("birth_date"):
        year, month, day = (int(part) for part in row["birth_date"].split("-"))
        native["birthdays"] = [{"date": {"year": year, "month": month, "day": day}}]
    return Record(f"people/c{n}", "v1", native, in_scope=True)


def main() -> None:
    rows = [json.loads(line) for line in CAST.read_text().splitlines()]
    rows = [row for row in rows if row.get("email")]
    env = make.env()
    linked: list[Subject] = []
    new: list[Subject] = []
    for n in range(2000):
        row = rows[n % len(rows)]
        title = "Edited" if n % 10 == 0 else row["title"]
        sugar = Half(Presence.PRESENT, f"s{n}", sugar_record(n, row, row["title"]))
        google = Half(Presence.PRESENT, f"people/c{n}", google_record(n, row))
        link = Link(id=f"k{n}", sugar_id=f"s{n}", google_id=f"people/c{n}")
        (decision,) = plan_batch(env, [Subject(link.id, sugar, google, link)], []).decisions
        edited = Half(Presence.PRESENT, f"s{n}", sugar_record(n, row, title))
        linked.append(Subject(link.id, edited, google, decision.link))
        unlike = {**row, "email": f"{n}.{row['email']}"}
        new.append(Subject(f"n{n}", Half(Presence.PRESENT, f"s{n}", sugar_record(n, unlike, title)), Half()))
    gc.freeze()  # a run holds one batch, not these thousands
    for name, subjects in (("linked pairs", linked), ("new contacts", new)):
        began = time.process_time()
        writes = 0
        for start in range(0, len(subjects), BATCH):
            writes += plan_batch(env, subjects[start : start + BATCH], []).writes
        took = time.process_time() - began
        print(f"{name}: {len(subjects) / took:,.0f} contacts a second, {writes} writes planned")


if __name__ == "__main__":
    main()
