"""How things stand: both sides, the links and the backlog, read once for all claims."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from shared.names import SideName
from shared.store.port import Doc
from shared.sync.link import Link, LinkState
from shared.sync.remedies import NEVER
from shared.sync.settings import Direction, Settings, SugarScope
from tests.prove.machine.deeds.make import SCOPE_LABEL
from tests.prove.machine.fields import Json, emails_of, tag_of
from tests.prove.machine.story import Story


@dataclass(frozen=True)
class Scene:
    story: Story
    settings: Settings
    records: dict[SideName, dict[str, Json]]
    by_tag: dict[SideName, dict[str, list[str]]]
    links: list[Link]
    entries: list[Doc]
    """The open ones, and those of contacts that are never to be synced."""
    asked: set[str]
    """Links that an entry is about."""
    waiting: set[str]
    """Records that an entry is about, or names as candidates."""

    @classmethod
    def of(cls, story: Story) -> Scene:
        records = {side: story.records(side) for side in SideName}
        by_tag: dict[SideName, dict[str, list[str]]] = {side: defaultdict(list) for side in SideName}
        for side in SideName:
            for record, native in records[side].items():
                by_tag[side][tag_of(side, native)].append(record)
        links = story.user.links()
        entries = [*story.user.backlog(), *story.user.backlog(NEVER)]
        asked = {doc.data["link"] or doc.id for doc in entries}
        waiting = {record for doc in entries for record in doc.data["ids"].values()}
        for doc in entries:
            for entry in doc.data["entries"]:
                waiting |= {name.split(":", 1)[1].replace(":", "/") for name in entry["candidates"]}
        for link in links:
            if link.id in asked:
                waiting |= {link.id_on(side) for side in SideName}
        # Who is put aside is neither linked nor doubled, by whatever name the other one's record goes now.
        never = {record for doc in entries if doc.data["state"] == NEVER for record in doc.data["ids"].values()}
        for tags in by_tag.values():
            for tag, named in tags.items():
                if never.intersection(named):
                    waiting |= {record for side in SideName for record in by_tag[side].get(tag, ())}
        # Nor is who took that other one in by a merge, with its addresses.
        for side in SideName:
            mine = {record: emails_of(side, native) for record, native in records[side].items() if record in never}
            for record, native in records[side.other].items():
                merged = tag_of(side.other, native) in story.memory.unclear
                if merged and any(emails_of(side.other, native) & addresses for addresses in mine.values()):
                    waiting.add(record)
        return cls(story, story.user.settings, records, by_tag, links, entries, asked, waiting - {""})

    def direction(self, source: SideName) -> Direction:
        return self.settings.from_sugar if source is SideName.SUGAR else self.settings.from_google

    def in_scope(self, side: SideName, record: str) -> bool:
        return in_scope(self.story, side, record, self.records[side][record])

    def there(self, link: Link) -> bool:
        """Both of its records live."""
        return all(link.id_on(side) in self.records[side] for side in SideName)

    def takes_part(self, link: Link) -> bool:
        """It is in sync, as far as anybody can tell: alive, in scope on both sides, nothing to be asked."""
        return (
            link.state is LinkState.LIVE
            and link.id not in self.asked
            and self.there(link)
            and all(self.in_scope(side, link.id_on(side)) for side in SideName)
        )


def in_scope(story: Story, side: SideName, record: str, native: Json) -> bool:
    """By what the settings say and what the user sees."""
    if side is SideName.SUGAR and record in story.hidden:
        return False
    settings, me = story.user.settings, story.user.sugar_user
    if side is SideName.GOOGLE:
        return not settings.google_scope or SCOPE_LABEL in story.user.account.labels(record)
    if settings.sugar_scope is SugarScope.ALL:
        return True
    if settings.sugar_scope is SugarScope.FAVORITES:
        return record in story.world.sugar.favorites[me]
    return bool(native["assigned_user_id"] == me)
