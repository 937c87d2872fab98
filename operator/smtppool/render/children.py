"""All children of a server, in the order in which they are applied.

Identity and rights come first, as the agent needs them at once; then what the pod mounts (configuration, orders,
volume); then what protects it; the StatefulSet last: a pod never starts before what it reads is there. They are deleted
in the opposite order.
"""

from smtppool.api.documents import Grant
from smtppool.policy.placement import Placement
from smtppool.render import (
    configmap,
    documents,
    networkpolicy,
    podtemplate,
    pvc,
    rbac,
    service,
    serviceaccount,
    statefulset,
)
from smtppool.render.identity import Image, Manifest, PoolObject, ServerObject


def children(
    server: ServerObject, pool: PoolObject, *, grant: Grant, placement: Placement, image: Image, released: bool = False
) -> tuple[Manifest, ...]:
    """Everything of one server; without a StatefulSet as long as no node is known where its pod could work.

    `released`: its StatefulSet has no pod.
    """
    files = configmap.content(server, pool)
    stateful_set = _stateful_set(
        server, pool, placement=placement, image=image, config_hash=configmap.digest(files), released=released
    )
    return (
        serviceaccount.manifest(server),
        rbac.role(server),
        rbac.role_binding(server),
        configmap.manifest(server, files),
        documents.grant(server, grant),
        documents.report(server),
        pvc.manifest(server, pool),
        networkpolicy.manifest(server, pool),
        service.metrics(server),
        *stateful_set,
    )


def _stateful_set(
    server: ServerObject, pool: PoolObject, *, placement: Placement, image: Image, config_hash: str, released: bool
) -> tuple[Manifest, ...]:
    if not placement.ready:
        return ()
    template = podtemplate.template(server, pool, image=image, node=placement.node, config_hash=config_hash)
    return (statefulset.manifest(server, template, released=released),)
