"""What an agent leaves at its end must be heard at once: the pod may be gone in a moment."""

from smtppool.api.names import OWNER_UID, SERVER, Key, pod_name
from smtppool.control.context import Context
from smtppool.control.pods import LastPod, last_words, pod_state
from smtppool.kube.cache import version_of
from smtppool.kube.kinds import POD, SMTP_SERVER, Body, annotation, key_of, label, uid_of
from smtppool.policy.emptiness import PodState


def listen(context: Context, body: Body) -> None:
    """Keep the last words of a pod that has ended, until a pod is seen that takes mail again: the same or a later one.

    An owner's uid says nothing by itself: it counts only for the server whose pod this is by its name. Of a server
    that is not there nothing is kept: anybody may make such pods, any number of them.
    """
    owner, server = annotation(body, OWNER_UID), Key(key_of(body).namespace, label(body, SERVER) or "")
    known = context.cache.get(SMTP_SERVER, server)
    if known is None or owner != uid_of(known) or key_of(body).name != pod_name(server.name):
        return
    present = context.cache.get(POD, key_of(body))
    if present is not None and version_of(present) > version_of(body):
        return
    ended = pod_state(body, now=context.clock()) is PodState.ENDED
    context.last_pods[server, uid_of(known)] = LastPod(uid_of(body), last_words(body) if ended else None)
