"""`python -m benchmarks [NAME ...]`: runs the named measurements, or all; exit status 1 if a bar is missed."""

import argparse
import sys
from collections.abc import Callable

from benchmarks import convergence, health, logreader, quiet
from e2e.stand.ground import require_own_cluster

ALL: dict[str, Callable[[], bool]] = {
    "convergence": convergence.main,
    "quiet": quiet.main,
    "logreader": logreader.main,
    "health": health.main,
}
WITHOUT_CLUSTER = {"logreader", "health"}


def main() -> int:
    """Each measurement prints its own lines and says whether its bar holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*ALL, []], help="default: all")
    names = parser.parse_args().name or [*ALL]
    if set(names) - WITHOUT_CLUSTER:
        require_own_cluster("make bench")
    held = {name: ALL[name]() for name in names}
    for name, good in held.items():
        print(f"{name}: {'bar held' if good else 'BAR MISSED'}")
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
