"""The last count of a queue, as the operator reads it back from the pod's status."""

from smtppool.agent import lastwords
from smtppool.agent.settings import Paths, Settings
from smtppool.api.documents import QueueDepth
from smtppool.api.outcomes import MAX_PROVIDERS
from smtppool.api.queue_details import ProviderQueue
from smtppool.control.pods import last_words

SETTINGS = Settings(
    namespace="mail", pool="marketing", server="mx1", hostname="mx1.example.com", metrics_port=9154,
    pod_uid="pod-1", pod_ip="10.244.1.7", paths=Paths(),
)  # fmt: skip


def pod(message: str) -> dict[str, object]:
    ended = {"name": "postfix", "state": {"terminated": {"exitCode": 0, "message": message}}}
    return {"metadata": {"uid": "pod-1"}, "status": {"containerStatuses": [ended]}}


def test_the_operator_reads_what_the_pod_leaves() -> None:
    said = lastwords.report(SETTINGS, QueueDepth(deferred=3)).model_dump_json(by_alias=True, exclude_none=True)
    assert len(said) < 4096  # what a kubelet takes of a termination message
    words = last_words(pod(said))
    assert words is not None
    assert words.queue is not None
    assert words.queue.messages == 3
    assert words.sessions == 0


def test_last_words_are_short_however_many_providers_have_mail() -> None:
    providers = tuple(ProviderQueue(provider=f"{n:063}", messages=10**12) for n in range(MAX_PROVIDERS))
    depth = QueueDepth(deferred=3, oldest_arrival="2026-11-21T16:00:00Z", providers=providers)
    said = lastwords.report(SETTINGS, depth)
    assert len(said.model_dump_json(by_alias=True, exclude_none=True)) < 4096
    assert said.queue == depth.model_copy(update={"providers": ()})


def test_a_death_without_words_says_nothing() -> None:
    assert last_words(pod("")) is None
    assert last_words(pod("postfix-entrypoint: Postfix ended by itself with status 1")) is None
