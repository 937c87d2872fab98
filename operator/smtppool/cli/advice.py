"""What to do about a condition, for `smtppool explain`; docs/operations.md says it at length."""

from collections.abc import Mapping
from typing import Final

from smtppool.api.names import MAX_NAME
from smtppool.cli.facts import Body, is_fine

NOTHING: Final = "nothing to do"

BY_REASON: Final[Mapping[str, str]] = {
    "InvalidSpec": "correct the fields that the message names; the last good configuration is in force",
    "PoolNotFound": "create the SmtpPool, or delete this SmtpServer: poolRef cannot be changed",
    "PoolFull": "a pool holds at most 200 servers: delete some, or create this one in another pool",
    "Conflict": "another object holds the name or the address: the message says which; delete one of the two",
    "Paused": "remove the annotation smtppool.io/paused when you are done",
    "Refused": "the API server refused a child (quota, Pod Security, admission): the message says why",
    "NodeWithoutAddress": "add the address to an interface of a node where the egress DaemonSet runs",
    "Mismatch": "lanes are closed and mail waits: find the NAT or route that gives the other address",
    "AddressInUse": "wait for the old pod; if its node is lost for good, delete the Node object",
    "RuleNotApplied": "look at the egress pod of the relay's node, and at `error` in the node's report",
    "NodeNotReporting": "look at the egress pod of the relay's node: is it running and ready?",
    "Disabled": 'nobody checks the address; give egressCheck an endpoint instead of mode "Off"',
    "Unreachable": "repair the check's endpoint, or the way to it, before the grace ends",
    "GraceExpired": "lanes are closed until the check's endpoint answers: repair it, or the way to it",
    "NotVerified": "the check's endpoint must be reachable from the pod and echo the client's address",
    "NoReport": "look at the pod: its events, and the log of its container `agent`",
    "ReportInvalid": "look at the log of the container `agent`; was the report edited by hand?",
    "NoPod": "look at the StatefulSet's events: image, quota, Pod Security",
    "VolumePending": "look at the volume claim's events: storage class, capacity",
    "VolumeMissing": "the queue's claim was removed by force: delete the SmtpServer and create it again",
    "VolumeLost": "restore the PersistentVolume; if it is gone for good, so is its mail: queue drop after the deletion",
    "InvalidName": f"a name has at most {MAX_NAME} characters here: create it anew under a shorter one",
    "NamespaceTerminating": "the namespace is being deleted: nothing is made in it any more",
    "ServerTerminating": "wait: the server before it of this name is still emptying its queue",
    "PodCannotStart": "look at the pod's events: image, volume, scheduling",
    "NodeSilent": "bring the node back; if it is lost for good, delete the Node object",
    "QueueUnreadable": "look at the log of the container `agent`",
    "NodeCordoned": "uncordon the node that the message names, or give the relay another one: its address, its volume",
    "NoPeer": "bring a member into traffic that is excluded nowhere, or wait until the relay has delivered its queue",
    "NotTaken": "look at the log of the container `agent`: what the peers answer; is port 10026 open between the pods?",
    "HoldQueue": "in the container `postfix`: postsuper -H <id> to deliver a message on hold, -d <id> to lose it",
    "CorruptQueue": "look at the files in corrupt/ of the queue, in the container `postfix`, and move them away",
    "VolumeNotKept": "run smtppool queue save <server>: it makes the volume outlive its claim",
    "MailQueued": "let the queue be delivered, or decide: smtppool queue save|drop <server>",
    "Probation": "wait: good figures end it, or an hour with too little mail to judge; the message has its cause",
    "RollWaits": "repair the member that the message names; the roll goes on by itself",
}
_PULL: Final = "push the image, or name pull secrets in spec.pod.imagePullSecrets"
BY_KUBELET: Final[Mapping[str, str]] = {
    "CrashLoopBackOff": "the message is the container's last line; kubectl logs --previous has the rest",
    "ErrImagePull": _PULL,
    "ImagePullBackOff": _PULL,
}
BY_TYPE: Final[Mapping[str, str]] = {
    "QueueUnreachable": "bring the pod back: its node, volume, image; of a deleted server: smtppool queue save|drop",
    "Draining": "wait: it goes on by itself",
}


def advice(condition: Body) -> str:
    """One sentence; for an unknown reason the condition's own message is the best there is."""
    if is_fine(condition):
        return NOTHING
    reason = condition["reason"]
    return BY_REASON.get(reason) or BY_KUBELET.get(reason) or BY_TYPE.get(condition["type"]) or "see the message"
