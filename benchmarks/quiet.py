"""Writes by the operator in 60 s of quiet, and after its restart: none.

Counted from outside: the resource versions and managed fields of every object that the operator may write, before
and after. An object that changed and whose newest manager is the operator is a write.
"""

import json
import time
from collections.abc import Callable

from e2e.cluster.api import Cluster
from e2e.stand.kubectl import kubectl
from e2e.stand.operator import NAMESPACE, RELEASE, Images
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand
from smtppool.api.names import FIELD_MANAGER, STATUS_MANAGER

SECONDS = 60
NOTHING = "[]"  # what it has written to an object of others
KINDS = (
    "smtppools,smtpservers,ipwarmupplans,configmaps,services,serviceaccounts,roles,rolebindings,statefulsets,"
    "persistentvolumeclaims,poddisruptionbudgets,networkpolicies,pods"
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
    """Objects that the operator wrote or made while `during` ran."""
    before = versions()
    during()
    after = versions()
    return sorted(name for name, version in after.items() if before.get(name, NOTHING) != version)


def versions() -> dict[str, str]:
    """What the operator last wrote to each object: its own managed-fields entries with their times."""
    items = json.loads(kubectl("get", KINDS, "-n", PLAN.namespace, "-o", "json", "--show-managed-fields"))["items"]
    items += json.loads(kubectl("get", "configmaps,roles", "-n", NAMESPACE, "-o", "json", "--show-managed-fields"))[
        "items"
    ]
    return {f"{i['kind']}/{i['metadata']['name']}": _own(i["metadata"].get("managedFields", [])) for i in items}


def _own(fields: list[dict[str, object]]) -> str:
    entries = [(f["manager"], f.get("subresource", ""), f["time"]) for f in fields]
    return str(sorted(e for e in entries if e[0] in {FIELD_MANAGER, STATUS_MANAGER}))


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
