"""Writes one server's grant ahead of its other children: lanes and intake that must close do not wait."""

from smtppool.api.names import GRANT_KEY, Key, grant_name
from smtppool.control.assess import Assessment
from smtppool.control.context import Context
from smtppool.control.view import ServerView
from smtppool.kube.apply import Applied
from smtppool.kube.errors import NamespaceTerminatingError
from smtppool.kube.kinds import CONFIG_MAP, Body
from smtppool.render import documents
from smtppool.render.identity import ServerObject


async def write_grant(context: Context, view: ServerView, assessment: Assessment) -> None:
    """Only over a grant that is there: the first one is made with the other children, in their order."""
    live = context.cache.get(CONFIG_MAP, Key(view.key.namespace, grant_name(view.key.name)))
    if live is None or not assessment.established:
        return
    try:
        outcome = await context.writer.apply(_manifest(view, assessment, live), owner=view.uid)
    except NamespaceTerminatingError:
        return
    if isinstance(outcome, Applied):
        context.queues.routing.add(view.pool_key)


def _manifest(view: ServerView, assessment: Assessment, live: Body) -> Body:
    if view.spec is not None:
        return documents.grant(ServerObject(key=view.key, uid=view.uid, spec=view.spec), assessment.grant)
    # An unreadable spec says nothing of labels: they stay.
    metadata = {name: live["metadata"][name] for name in ("name", "namespace", "labels")}
    return {
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "metadata": metadata,
        "data": {GRANT_KEY: documents.canonical(assessment.grant)},
    }
