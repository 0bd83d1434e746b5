"""Which element of a Google contact stands for which slot. Pure.

A Google contact holds any number of phones, addresses, organizations; the canonical contact has a few slots. Each slot
is paired with one remembered element and merged with it as one value. All other elements are private: they are never
promoted to a slot and never touched.

What is remembered (the family's part of a link's memo)::

    {"slots": {"phone_work": {"value": ["+1 202 555 0100"], "type": "work", "fresh": true}, ...},
     "private": [["home", ["+1 202 555 0199"]], ...]}

``fresh``: paired by type alone, the value was never agreed on. Nobody may overwrite it: writing another value there
adds an element and leaves this one alone.

The memo never names an element by position, and Google gives elements no ids, so they are recognised by value and
type. The steps of :func:`_linked` go from what is certain to what is only likely. The other side's contact (or the one
just written) takes part early: it tells an element that we wrote ourselves from one that the user added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.people.fields import Family, Slot

Parts = tuple[str, ...]
"""An element's parts, raw or normal."""
Wanted = tuple[str | None, ...]
"""Parts as the other side has them, in normal form; ``None`` where it does not know the field."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element that holds something."""

    index: int
    """Its place among the contact's own elements of the list."""
    raw: Parts
    form: Parts
    type: str
    """As ``fields.fold_type`` gives it."""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Paired:
    """The element that stands for a slot."""

    element: Element
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Pairing:
    """Every element of a list, sorted."""

    family: Family
    slots: Mapping[str, Paired]
    private: tuple[Element, ...]

    def memo(self) -> dict[str, Any]:
        """What to remember of it.

        Where only the type counts, elements of other types are not held private: one of them fills its slot as soon
        as the user maps a field to it.
        """
        types = {kind for slot in self.family.slots for kind in slot.folded}
        private = [e for e in self.private if self.family.any_type or e.type in types]
        return {
            "slots": {name: _remember(paired) for name, paired in self.slots.items()},
            "private": [[element.type, list(element.raw)] for element in private],
        }


def _remember(paired: Paired) -> dict[str, Any]:
    entry: dict[str, Any] = {"value": list(paired.element.raw), "type": paired.element.type}
    return {**entry, "fresh": True} if paired.fresh else entry


def pair(
    family: Family,
    elements: Sequence[Element],
    memo: Mapping[str, Any] | None,
    other: Mapping[str, Wanted] | None,
    form: Callable[[Sequence[str]], Parts],
) -> Pairing:
    """Sorts the elements into slots and private ones.

    Args:
        memo: the family's part of the memo; ``None`` where nothing was ever remembered.
        other: the other side's parts by slot name; ``None`` if there is no other contact.
        form: normal forms of raw parts, for what the memo holds.
    """
    if not elements:
        return Pairing(family, {}, ())
    state = _State(family, list(elements), other)
    if memo is None:
        _unlinked(state)
    else:
        _linked(state, memo, form)
    return Pairing(
        family,
        {
            slot.name: Paired(state.slots[slot.name], state.is_fresh(slot))
            for slot in family.slots
            if slot.name in state.slots
        },
        tuple(sorted((*state.private, *state.free), key=lambda element: element.index)),
    )


@dataclass(slots=True)
class _State:
    family: Family
    free: list[Element]
    other: Mapping[str, Wanted] | None
    slots: dict[str, Element] = field(default_factory=dict)
    private: list[Element] = field(default_factory=list)
    never_agreed: set[str] = field(default_factory=set)
    """Slots whose pairing is fresh until the other side has the same value."""

    def open_slots(self) -> list[Slot]:
        return [slot for slot in self.family.slots if slot.name not in self.slots]

    def take(self, slot: Slot, element: Element | None) -> None:
        if element is not None:
            self.slots[slot.name] = element
            self.free.remove(element)

    def hide(self, element: Element | None) -> None:
        if element is not None:
            self.private.append(element)
            self.free.remove(element)

    def first(self, wanted: Callable[[Element], bool]) -> Element | None:
        return next((element for element in self.free if wanted(element)), None)

    def wanted(self, slot: Slot) -> Wanted | None:
        """What the other side has there; ``None`` where it does not know."""
        wanted = self.other.get(slot.name) if self.other is not None else None
        return wanted if wanted and any(part is not None for part in wanted) else None

    def is_fresh(self, slot: Slot) -> bool:
        wanted = self.wanted(slot)
        agreed = wanted is not None and agrees(wanted, self.slots[slot.name].form)
        return slot.name in self.never_agreed and not agreed


@dataclass(frozen=True, slots=True)
class _Known:
    """What the memo says of one element."""

    raw: Parts
    form: Parts
    type: str

    def is_exactly(self, element: Element) -> bool:
        return element.form == self.form and element.type == self.type


def agrees(wanted: Wanted, form: Parts) -> bool:
    """Whether the element reads as the other side does, as far as that knows the fields, and neither is blank."""
    return any(want for want in wanted) and all(
        want is None or want == part for want, part in zip(wanted, form, strict=True)
    )


def extends(wanted: Parts, current: Parts) -> bool:
    """Whether writing these parts only fills blanks of the current ones. Both in normal form."""
    return all(not part or part == want for want, part in zip(wanted, current, strict=True))


def _compatible(wanted: Wanted, form: Parts) -> bool:
    return all(not want or not part or want == part for want, part in zip(wanted, form, strict=True))


def _shared(wanted: Sequence[str | None], form: Parts) -> int:
    return sum(1 for want, part in zip(wanted, form, strict=True) if want and want == part)


# -- not linked yet ----------------------------------------------------------------------------------


def _unlinked(state: _State) -> None:
    family = state.family
    if state.other is not None:
        # An equal value pairs before an equal type does, and among equal values the slot's own type first.
        for own in (True, False) if family.any_type else (True,):
            for slot in state.open_slots():
                state.take(slot, _equal(state, slot, own=own))
        for slot in state.open_slots():
            state.take(slot, _similar(state, slot))
    for slot in state.open_slots():
        state.take(slot, _by_type(family, slot, state.free))
    if state.other is not None and family.additive:
        # With no other contact, one is about to be made from these values: they count as agreed.
        state.never_agreed = set(state.slots)


def _equal(state: _State, slot: Slot, *, own: bool) -> Element | None:
    wanted = state.wanted(slot)
    if wanted is None:
        return None
    types = slot.folded
    return state.first(lambda element: (not own or element.type in types) and agrees(wanted, element.form))


def _similar(state: _State, slot: Slot) -> Element | None:
    """The element with most parts in common, where some of them suffice to say that it is the same one."""
    wanted = state.wanted(slot)
    if wanted is None or len(wanted) == 1:
        return None
    types = slot.folded

    def enough(element: Element) -> bool:
        if state.family.compatible:
            # One country in common says nothing; across types it takes the same street.
            same_street = bool(wanted[0]) and wanted[0] == element.form[0]
            return _compatible(wanted, element.form) and (same_street or element.type in types)
        return _shared(wanted[:2], element.form[:2]) > 0

    found = [e for e in state.free if enough(e) and _shared(wanted, e.form) > 0]
    return max(found, key=lambda e: (_shared(wanted, e.form), e.type in types, -e.index), default=None)


def _by_type(family: Family, slot: Slot, elements: Iterable[Element]) -> Element | None:
    types = slot.folded
    found = [element for element in elements if family.open_types or element.type in types]
    if family.open_types:
        return min(found, key=lambda element: (not element.primary, element.index), default=None)
    return min(found, key=lambda element: (types.index(element.type), element.index), default=None)


# -- linked ------------------------------------------------------------------------------------------


def _linked(state: _State, memo: Mapping[str, Any], form: Callable[[Sequence[str]], Parts]) -> None:
    slots = state.family.slots
    saved = memo.get("slots") or {}
    known = {name: _known(entry["type"], entry["value"], form) for name, entry in saved.items()}
    secret = [_known(kind, raw, form) for kind, raw in memo.get("private") or ()]
    state.never_agreed = {name for name, entry in saved.items() if entry.get("fresh")}
    remembered = [slot for slot in slots if slot.name in known]

    # Nothing happened to it.
    _claim(state, remembered, lambda slot, e: known[slot.name].is_exactly(e) and _agreed(state, slot, e))
    secret = _hide(state, secret, lambda old, e: old.is_exactly(e))
    if not state.free:
        return
    # We wrote it ourselves, or both sides made the same edit.
    _seat_ours(state, known)
    for slot in slots:
        if slot.name in state.slots and slot.name in state.never_agreed:
            # Our value was added beside the one that was never agreed on, which is private from now on.
            state.hide(state.first(known[slot.name].is_exactly))
    # Only the other side was edited.
    _claim(state, remembered, lambda slot, e: known[slot.name].is_exactly(e))
    if not state.free:
        return
    if state.family.any_type:
        # Its type was changed.
        _claim(state, remembered, lambda slot, e: e.form == known[slot.name].form and not _elsewhere(slot, e, known))
        secret = _hide(state, secret, lambda old, e: old.form == e.form)
    # Its value was edited: the old value is gone, and an element that nobody knows is there.
    for slot in remembered:
        if slot.name not in state.slots:
            state.take(slot, _edited(state, slot, known))
    # Blank when last agreed; both sides added the same.
    if state.family.any_type and state.other is not None:
        for slot in state.open_slots():
            if slot.name not in known:
                state.take(slot, _equal(state, slot, own=False))
    # An edited private element stays private.
    secret = _hide(state, secret, lambda old, e: old.type == e.type)
    # Blank when last agreed, and new.
    for slot in state.open_slots():
        if slot.name not in known:
            state.take(slot, _by_type(state.family, slot, state.free))


def _known(kind: str, raw: Sequence[str], form: Callable[[Sequence[str]], Parts]) -> _Known:
    return _Known(tuple(raw), form(raw), kind)


def _hide(state: _State, secret: list[_Known], same: Callable[[_Known, Element], bool]) -> list[_Known]:
    """Each remembered private element claims one that is still free; the ones that found none."""
    left: list[_Known] = []
    for old in secret:
        found = [element for element in state.free if same(old, element)]
        best = max(found, key=lambda e: (_shared(old.form, e.form), -e.index), default=None)
        if best is None:
            left.append(old)
        state.hide(best)
    return left


def _claim(state: _State, slots: Iterable[Slot], fits: Callable[[Slot, Element], bool]) -> None:
    """Each slot that is still open takes the first free element that fits."""
    for slot in slots:
        if slot.name not in state.slots:
            state.take(slot, next((element for element in state.free if fits(slot, element)), None))


def _agreed(state: _State, slot: Slot, element: Element) -> bool:
    return state.wanted(slot) is None or _reads_like_other(state, slot, element)


def _reads_like_other(state: _State, slot: Slot, element: Element) -> bool:
    wanted = state.wanted(slot)
    return wanted is not None and agrees(wanted, element.form)


def _seat_ours(state: _State, known: Mapping[str, _Known]) -> None:
    """Pairs open slots with elements that read as the other side does, as many as possible.

    Equal values may fit several slots, so whoever came first makes room where it can (augmenting paths).
    """
    fitting = {slot.name: _ours(state, slot, known) for slot in state.open_slots()}
    by_index = {element.index: element for element in state.free}
    seated: dict[int, Slot] = {}

    def seat(slot: Slot, tried: set[int]) -> bool:
        for element in fitting[slot.name]:
            if element.index not in tried:
                tried.add(element.index)
                holder = seated.get(element.index)
                if holder is None or seat(holder, tried):
                    seated[element.index] = slot
                    return True
        return False

    for slot in state.open_slots():
        if fitting[slot.name]:
            seat(slot, set())
    for index, slot in seated.items():
        state.take(slot, by_index[index])


def _ours(state: _State, slot: Slot, known: Mapping[str, _Known]) -> list[Element]:
    """Elements of the slot's own types, or of the remembered one, that read as the other side does.

    One that another slot remembers exactly (it was paired by value, across types) is taken from it only if that
    slot does not need it: the other side has it blank, or another element shows what the other side has there.
    """
    wanted = state.wanted(slot)
    if wanted is None:
        return []
    types = list(slot.folded)
    if slot.name in known:
        types.insert(0, known[slot.name].type)

    def needed_elsewhere(element: Element) -> bool:
        for rival in state.open_slots():
            old = known.get(rival.name)
            if rival is slot or old is None or not old.is_exactly(element):
                continue
            theirs = state.wanted(rival)
            if theirs is None:
                return True
            if any(theirs) and not any(e is not element and agrees(theirs, e.form) for e in state.free):
                return True
        return False

    found = [e for e in state.free if e.type in types and agrees(wanted, e.form) and not needed_elsewhere(e)]
    return sorted(found, key=lambda element: types.index(element.type))


def _elsewhere(slot: Slot, element: Element, known: Mapping[str, _Known]) -> bool:
    """Whether another slot remembers exactly this element."""
    return any(each.is_exactly(element) for name, each in known.items() if name != slot.name)


def _edited(state: _State, slot: Slot, known: Mapping[str, _Known]) -> Element | None:
    old = known[slot.name]
    types = (old.type, *slot.folded)
    found = [
        element
        for element in state.free
        if (state.family.open_types or element.type in types) and not _elsewhere(slot, element, known)
    ]

    def likely(element: Element) -> tuple[int, int, int]:
        rank = types.index(element.type) if element.type in types else len(types)
        return _shared(old.form, element.form), -rank, -element.index

    return max(found, key=likely, default=None)
