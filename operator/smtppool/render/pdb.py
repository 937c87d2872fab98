"""One PodDisruptionBudget for each pool: evictions leave enough members, and never block a node's drain for ever."""

from smtppool.render.identity import Manifest, PoolObject, of_pool, pool_selector


def manifest(pool: PoolObject, *, members: int) -> Manifest:
    """`<pool>`. `members` are the relays that should run."""
    return of_pool("policy/v1", "PodDisruptionBudget", pool.key.name, pool) | {
        "spec": {
            "minAvailable": min_available(pool.spec.availability.min_available, members=members),
            "selector": {"matchLabels": pool_selector(pool.key.name)},
            # A relay that is not ready serves nobody: it must not keep a node from being drained.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        }
    }


def min_available(stated: int, *, members: int) -> int:
    """What was stated, but at least one member may go: with all of them held, no node could ever be drained."""
    return max(0, min(stated, members - 1))
