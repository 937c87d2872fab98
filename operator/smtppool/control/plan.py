"""The plan worker: an IpWarmupPlan is checked and counted; that it is not carried out yet, its status says."""

from smtppool.api.ipwarmupplan import IpWarmupPlanSpec
from smtppool.api.names import Key
from smtppool.control.context import Context
from smtppool.control.status import paused_status, plan_status
from smtppool.control.telling import tell
from smtppool.control.view import Viewed
from smtppool.kube.kinds import IP_WARMUP_PLAN, SMTP_SERVER
from smtppool.policy.acceptance import accept_spec


async def pass_plan(context: Context, key: Key) -> None:
    """One pass."""
    body = context.cache.get(IP_WARMUP_PLAN, key)
    if body is None:
        return
    view = Viewed(key=key, body=body)
    if view.paused:
        await tell(context, view, paused_status(view))
        return
    spec, errors = context.reader.spec(body, IpWarmupPlanSpec)
    servers = 0 if spec is None else _selected(context, key.namespace, spec.server_selector.match_labels)
    accepted = accept_spec(errors, kind="ipwarmupplan")
    await tell(context, view, plan_status(view, accepted=accepted, servers=servers))


def _selected(context: Context, namespace: str, labels: dict[str, str]) -> int:
    bodies = (body for body in context.cache.all(SMTP_SERVER) if body["metadata"]["namespace"] == namespace)
    return sum(labels.items() <= body["metadata"].get("labels", {}).items() for body in bodies)
