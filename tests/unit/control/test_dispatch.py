"""Objects that only look like ours: their labels and annotations are whatever their makers wrote."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from smtppool.api.base import API_VERSION
from smtppool.api.documents import QueueDepth, Report
from smtppool.api.names import COMPONENT, OWNER_UID, PART_OF, PART_OF_VALUE, SERVER, Key
from smtppool.control.context import Context
from smtppool.control.dispatch import Dispatcher
from smtppool.control.neighbours import INDEXES, Neighbours
from smtppool.control.reading import Reader
from smtppool.control.view import Gatherer
from smtppool.kube.cache import Cache
from smtppool.kube.kinds import SMTP_SERVER

HOME = "smtppool-system"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Body = dict[str, Any]


class Asked(set[object]):
    """A queue that only notes who is asked for."""

    def add_after(self, key: object, seconds: float) -> None:
        """At whatever time."""
        del seconds
        self.add(key)


class Scene:
    """A dispatcher before empty queues, with one server known to it."""

    def __init__(self) -> None:
        cache, reader = Cache(indexes=INDEXES), Reader()
        gatherer = Gatherer(cache=cache, reader=reader)
        neighbours = Neighbours(cache=cache, reader=reader, gatherer=gatherer, operator_namespace=HOME)
        self.queues = SimpleNamespace(
            **{name: Asked() for name in ("routing", "health", "pools", "servers", "plans", "nodes")}
        )
        context: Any = SimpleNamespace(
            cache=cache, reader=reader, gatherer=gatherer, neighbours=neighbours, queues=self.queues, last_pods={},
            clock=lambda: NOW, settings=SimpleNamespace(operator_namespace=HOME),
        )  # fmt: skip
        self.context: Context = context
        self.dispatcher = Dispatcher(self.context)
        egress = {"address": "198.51.100.11"}
        spec = {"poolRef": {"name": "marketing"}, "relay": {"hostname": "a.example.com", "egress": egress}}
        self.dispatcher.observe("ADDED", made(API_VERSION, "SmtpServer", Key("mail", "mx1"), uid="uid-1", spec=spec))
        for queue in vars(self.queues).values():
            queue.clear()


def made(api_version: str, kind: str, key: Key, *, uid: str = "uid", **content: Any) -> Body:
    """An object that the watch delivers."""
    metadata = {"namespace": key.namespace, "name": key.name, "uid": uid, "resourceVersion": "1"}
    metadata |= {"creationTimestamp": "2026-01-01T00:00:00Z"} | content.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def ended(key: Key, *, owner: str = "uid-1") -> Body:
    """A pod that says at its end: the queue of mx1 is empty."""
    words = Report(server="mx1", pod_uid="pod-1", pod_address="10.244.0.9", queue=QueueDepth())
    over = {"terminated": {"exitCode": 0, "message": words.model_dump_json(by_alias=True, exclude_none=True)}}
    marks = {"labels": {PART_OF: PART_OF_VALUE, SERVER: "mx1"}, "annotations": {OWNER_UID: owner}}
    status = {"phase": "Succeeded", "podIP": "10.244.0.9", "containerStatuses": [{"name": "postfix", "state": over}]}
    return made("v1", "Pod", key, uid="pod-1", metadata=marks, spec={}, status=status)


def running(key: Key, *, uid: str, version: str) -> Body:
    """The same relay's pod while it works."""
    status = {"phase": "Running", "containerStatuses": [{"name": "postfix", "state": {"running": {}}}]}
    body = newer(ended(key) | {"status": status}, version)
    return body | {"metadata": body["metadata"] | {"uid": uid}}


def heard(scene: Scene) -> tuple[str, int | None]:
    """The last pod of mx1 that was seen, and how much mail it said that it left."""
    last = scene.context.last_pods[Key("mail", "mx1"), "uid-1"]
    return last.uid, last.words.queue.messages if last.words and last.words.queue else None


def test_the_last_words_of_a_servers_pod_are_heard() -> None:
    scene = Scene()
    scene.dispatcher.observe("MODIFIED", ended(Key("mail", "mx1-relay-0")))
    assert heard(scene) == ("pod-1", 0)


def test_a_pod_of_another_namespace_has_no_say() -> None:
    """It may carry the uid of somebody else's server: an empty queue in its words must not delete that one's mail."""
    scene = Scene()
    scene.dispatcher.observe("MODIFIED", ended(Key("attack", "mx1-relay-0")))
    assert (Key("mail", "mx1"), "uid-1") not in scene.context.last_pods


def test_a_pod_of_another_name_has_no_say() -> None:
    scene = Scene()
    scene.dispatcher.observe("MODIFIED", ended(Key("mail", "helper")))
    assert scene.context.last_pods == {}


def test_pods_of_no_server_leave_nothing() -> None:
    """Whoever runs pods with the right labels does not fill the operator's memory with their words."""
    scene = Scene()
    for number in range(3):
        scene.dispatcher.observe("MODIFIED", ended(Key("mail", "mx1-relay-0"), owner=f"made-up-{number}"))
        scene.dispatcher.observe("MODIFIED", ended(Key(f"attack-{number}", "mx1-relay-0")))
    assert scene.context.last_pods == {}


def test_words_that_came_before_their_server_are_heard() -> None:
    """Watches of different kinds begin in any order."""
    scene = Scene()
    server = scene.context.cache.all(SMTP_SERVER)[0]
    scene.dispatcher.observe("DELETED", newer(server, "2"))
    scene.dispatcher.observe("ADDED", ended(Key("mail", "mx1-relay-0")))
    assert scene.context.last_pods == {}
    scene.dispatcher.observe("ADDED", newer(server, "3"))
    scene.dispatcher.everything()
    assert heard(scene) == ("pod-1", 0)


def test_words_go_with_their_server() -> None:
    """Also where somebody took its finalizer away."""
    scene = Scene()
    scene.dispatcher.observe("MODIFIED", ended(Key("mail", "mx1-relay-0")))
    scene.dispatcher.observe("DELETED", newer(scene.context.cache.all(SMTP_SERVER)[0], "2"))
    assert scene.context.last_pods == {}


def test_a_later_pod_makes_the_words_before_it_void() -> None:
    """It takes mail that they do not count, and it may end without any."""
    scene = Scene()
    scene.dispatcher.observe("DELETED", ended(Key("mail", "mx1-relay-0")))
    later = running(Key("mail", "mx1-relay-0"), uid="pod-2", version="2")
    scene.dispatcher.observe("ADDED", later)
    assert heard(scene) == ("pod-2", None)
    scene.dispatcher.observe("DELETED", newer(later, "3"))
    assert heard(scene) == ("pod-2", None)


def test_a_pod_that_starts_again_in_its_place_takes_its_words_back() -> None:
    """As after a reboot of its node: the same pod, with mail that came since."""
    scene = Scene()
    scene.dispatcher.observe("MODIFIED", ended(Key("mail", "mx1-relay-0")))
    scene.dispatcher.observe("MODIFIED", running(Key("mail", "mx1-relay-0"), uid="pod-1", version="2"))
    assert heard(scene) == ("pod-1", None)


def test_words_that_are_told_of_late_are_not_those_of_the_present_pod() -> None:
    """kopf hands on the events of each object by itself, so an earlier pod's end may come after a later one's start."""
    scene = Scene()
    scene.dispatcher.observe("ADDED", running(Key("mail", "mx1-relay-0"), uid="pod-2", version="2"))
    scene.dispatcher.observe("DELETED", ended(Key("mail", "mx1-relay-0")))
    assert heard(scene) == ("pod-2", None)


def newer(body: Body, version: str) -> Body:
    """The same object at a later version."""
    return body | {"metadata": body["metadata"] | {"resourceVersion": version}}


def node_report(namespace: str) -> Body:
    marks = {"labels": {PART_OF: PART_OF_VALUE, COMPONENT: "egress-report"}}
    return made("v1", "ConfigMap", Key(namespace, "worker-1-egress-report"), metadata=marks, data={"a": namespace})


def test_a_node_report_concerns_every_server() -> None:
    scene = Scene()
    scene.dispatcher.observe("ADDED", node_report(HOME))
    assert scene.queues.servers == {Key("mail", "mx1")}
    assert scene.queues.nodes == {"worker-1"}


def test_what_looks_like_a_node_report_elsewhere_concerns_nobody() -> None:
    """Else whoever may write a ConfigMap keeps the operator busy with everybody's servers."""
    scene = Scene()
    scene.dispatcher.observe("ADDED", node_report("attack"))
    assert scene.queues.servers == set()
    assert scene.queues.nodes == set()
