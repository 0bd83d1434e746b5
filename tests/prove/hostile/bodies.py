"""JSON bodies as trees: their nodes by path, and copies with one node changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[str | int, ...]
"""Keys and indexes from the root."""
GONE: Any = object()
"""What a change answers for a node that is to be left out."""


def nodes(tree: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every node below the root, parents first."""
    items: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*at, key), value
        yield from nodes(value, (*at, key))


def shape(path: Path) -> str:
    """The path with all indexes alike: ``records[].email[].opt_out``; keys that are ids are alike, too."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += "[]"
        else:
            text += f".{'{}' if part.startswith('people/') else part}"
    return text.lstrip(".")


def changed(tree: Any, paths: list[Path], change: Callable[[Any], Any]) -> Any:
    """A copy in which these nodes are what ``change`` makes of them."""
    result = copy.deepcopy(tree)
    # From the end, so that leaving one out does not move those that are still to come.
    for path in sorted(paths, key=lambda each: [str(part).zfill(9) for part in each], reverse=True):
        holder = result
        try:
            for part in path[:-1]:
                holder = holder[part]
            new = change(copy.deepcopy(holder[path[-1]]))
        except (KeyError, IndexError, TypeError):
            continue  # it went with one of its parents
        if new is GONE:
            del holder[path[-1]]
        else:
            holder[path[-1]] = new
    return result
