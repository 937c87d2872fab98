"""Whether a live object already says what we would apply: that comparison is what makes idleness and restarts free.

Pure. What the API server adds by default, and what others own, is no difference.
"""

import hashlib
import json
import re
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?)(m|k|[KMGTPE]i?)?")
# Maps that the API server replaces as a whole: a key too many in a selector selects other pods.
_ATOMIC = frozenset({"selector", "podSelector", "matchLabels", "nodeSelector"})
# Lists in which one entry more, or one field more in an entry, lets somebody in: equal in all, or written again. What
# is rendered of them states every default.
_EXACT = frozenset({"subjects", "rules", "ingress"})
_FACTORS = {"m": Decimal("0.001"), "k": Decimal(1000), **{f"{unit}i": Decimal(2) ** (10 * power) for power, unit in
    enumerate("KMGTPE", 1)}, **{unit: Decimal(1000) ** power for power, unit in enumerate("KMGTPE", 1)}}  # fmt: skip


def digest(manifest: dict[str, Any]) -> str:
    """Identity of a manifest's content: also a field that is no longer wanted makes a difference."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def satisfies(live: Any, desired: Any, *, key: str = "") -> bool:
    """Whether all of `desired` is in `live`. `key` is the name of the field that holds them."""
    match desired:
        case dict():
            return _dict_satisfies(live, desired, key)
        case list():
            return _list_satisfies(live, desired, key)
    return bool(live == desired) or (key == "resources" and _same_quantity(live, desired))


def _dict_satisfies(live: Any, desired: dict[str, Any], key: str) -> bool:
    if not desired and live is None:
        return True
    if not isinstance(live, dict):
        return False
    if key in _ATOMIC:
        return live == desired
    # Everything under `resources` is a quantity, at whatever depth.
    return all(satisfies(live.get(name), value, key=key if key == "resources" else name)
               for name, value in desired.items())  # fmt: skip


def _list_satisfies(live: Any, desired: list[Any], key: str) -> bool:
    live = live or []
    if not isinstance(live, list):
        return False
    if key in _EXACT:
        return live == desired
    if key == "finalizers":
        return set(desired) <= set(live)
    if desired and all(isinstance(item, dict) and "name" in item for item in desired):
        by_name = {item.get("name"): item for item in live if isinstance(item, dict)}
        return all(satisfies(by_name.get(item["name"]), item) for item in desired)
    return len(live) == len(desired) and all(map(satisfies, live, desired))


def _same_quantity(one: Any, other: Any) -> bool:
    amounts = _quantity(one), _quantity(other)
    return amounts[0] is not None and amounts[0] == amounts[1]


def _quantity(value: Any) -> Decimal | None:
    found = _QUANTITY.fullmatch(str(value))
    return Decimal(found[1]) * _FACTORS.get(found[2], Decimal(1)) if found else None
