"""Writes by the operator in 60 s of quiet, and after its restart: none.

Counted from outside, by the entries of its two field managers on all objects of the kinds that it may write, in all
namespaces, and by what is gone; what that cannot see stands in `writes.py`. Leases are left out: where there are two
operators, the holder renews its own every other second.
"""

import json
import time
from collections.abc import Callable

from benchmarks.writes import Look, between, look
from e2e.cluster.api import Cluster
from e2e.stand.kubectl import kubectl
from e2e.stand.operator import NAMESPACE, RELEASE, Images
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand
from smtppool.api.names import FIELD_MANAGER, STATUS_MANAGER

SECONDS = 60
AUTHORS = frozenset({FIELD_MANAGER, STATUS_MANAGER})
KINDS = (
    "smtppools,smtpservers,ipwarmupplans,configmaps,services,serviceaccounts,roles,rolebindings,statefulsets,"
    "persistentvolumeclaims,poddisruptionbudgets,networkpolicies,pods,events"
)
PLAN = PoolPlan(
    name="quiet",
    namespace="quiet",
    servers=tuple(ServerPlan(name=f"quiet-{n}", address=f"198.51.100.{90 + n}") for n in range(3)),
)


def main() -> bool:
    """Let a pool settle, watch a quiet minute, restart the operator, watch again."""
    stand = Stand(cluster=Cluster.attach(), images=Images.of_this_tree())
    stand.install()
    with stand.namespace(PLAN.namespace):
        stand.create(PLAN)
        time.sleep(15)  # the last reports of the start
        idle = changes(lambda: time.sleep(SECONDS))
        restarted = changes(restart)
    print(f"writes by the operator in {SECONDS} s of quiet: {len(idle)} {idle}")
    print(f"writes by the operator after its restart: {len(restarted)} {restarted}")
    return not idle and not restarted


def restart() -> None:
    """Delete the operator's pod, wait for the next one, give it time to look at everything."""
    kubectl("rollout", "restart", f"deployment/{RELEASE}", "-n", NAMESPACE)
    kubectl("rollout", "status", f"deployment/{RELEASE}", "-n", NAMESPACE, "--timeout=90s")
    time.sleep(30)


def changes(during: Callable[[], None]) -> list[str]:
    """Objects that the operator wrote, made or deleted while `during` ran."""
    before = everything()
    during()
    return between(before, everything(), home=PLAN.namespace)


def everything() -> Look:
    """All that the operator may write."""
    told = kubectl("get", KINDS, "--all-namespaces", "-o", "json", "--show-managed-fields")
    return look(json.loads(told)["items"], authors=AUTHORS)


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
