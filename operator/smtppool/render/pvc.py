"""The queue's volume. Not made by the StatefulSet: it must outlive it, and be deleted only when it is empty."""

from smtppool.api.names import FINALIZER, queue_name
from smtppool.render.identity import Manifest, PoolObject, ServerObject, of_server


def manifest(server: ServerObject, pool: PoolObject) -> Manifest:
    """`<server>-queue`, held by our finalizer."""
    queue = pool.spec.queue
    identity = of_server("v1", "PersistentVolumeClaim", queue_name(server.key.name), server)
    identity["metadata"]["finalizers"] = [FINALIZER]
    spec = {"accessModes": [queue.access_mode], "resources": {"requests": {"storage": queue.size}}}
    if queue.storage_class_name is not None:
        spec["storageClassName"] = queue.storage_class_name
    return identity | {"spec": spec}
