"""Making something at its first use, once, also among threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class once(Generic[T]):
    """Like ``functools.cached_property``, which since Python 3.12 may make a value twice when threads race."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> T:
        made = instance.__dict__
        if self._name not in made:
            with made.setdefault("_making", threading.RLock()):
                if self._name not in made:
                    made[self._name] = self._make(instance)
        found: T = made[self._name]
        return found
