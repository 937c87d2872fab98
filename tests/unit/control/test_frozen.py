"""Weights that are kept while nothing may change them."""

from typing import Any

import pytest

from smtppool.api.documents import Member, Routing, SubmissionRule
from smtppool.api.names import Key
from smtppool.control.frozen import FROZEN, freeze, freezing, frozen_weights
from smtppool.kube.cache import Cache

ROUTING = Routing(
    pool="p",
    members=(Member(name="mx1", address="10.0.0.1", weight=10),),
    submission=SubmissionRule(max_message_size=1, max_recipients=1),
)


def test_the_first_time_the_routing_says_and_then_what_was_kept() -> None:
    kept = freeze(["mx1", "mx2"], kept={}, routing=ROUTING)
    assert kept == {"mx1": 10, "mx2": 0}
    assert freeze(["mx1"], kept={"mx1": 7}, routing=ROUTING) == {"mx1": 7}
    assert freeze([], kept={"mx1": 7}, routing=ROUTING) == {}


def manifest() -> dict[str, Any]:
    metadata = {"name": "p-routing", "namespace": "mail", "resourceVersion": "1", "uid": "u"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def test_what_is_kept_is_found_again() -> None:
    cache = Cache()
    cache.store(freezing(manifest(), {"mx1": 7}))
    assert frozen_weights(cache, Key("mail", "p")) == {"mx1": 7}
    assert freezing(manifest(), {}) == manifest()


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"mx1": "many"}', '{"mx1": 300}', "[" * 100_000])
def test_what_others_wrote_there_is_not_kept(text: str) -> None:
    body = manifest()
    body["metadata"]["annotations"] = {FROZEN: text}
    cache = Cache()
    cache.store(body)
    assert frozen_weights(cache, Key("mail", "p")) == {}
