"""The cache: indexes follow labels, older news never replace newer ones, a deleted object does not come back."""

import pytest

from smtppool.api.names import COMPONENT, OWNER_UID, POOL, Key
from smtppool.kube.cache import Cache
from smtppool.kube.kinds import CONFIG_MAP, SMTP_SERVER, Body, key_of
from tests.unit.kube.bodies import body, server

A = Key("mail", "a")


def names(bodies: list[Body]) -> list[str]:
    return [key_of(one).name for one in bodies]


def test_objects_are_found_by_their_labels() -> None:
    cache = Cache()
    cache.observe(None, body("b", labels={POOL: "p"}))
    cache.observe("ADDED", body("a", labels={POOL: "p"}))
    cache.observe("ADDED", body("c", labels={POOL: "p"}, namespace="other"))
    assert names(cache.by(CONFIG_MAP, "pool", "p", namespace="mail")) == ["a", "b"]
    assert names(cache.by(CONFIG_MAP, "pool", "p")) == ["a", "b", "c"]
    assert names(cache.all(CONFIG_MAP)) == ["a", "b", "c"]


def test_an_index_follows_a_changed_label() -> None:
    cache = Cache()
    cache.observe("ADDED", body("a", labels={POOL: "p"}))
    cache.observe("MODIFIED", body("a", labels={POOL: "q"}, version=2))
    assert cache.by(CONFIG_MAP, "pool", "p") == []
    assert names(cache.by(CONFIG_MAP, "pool", "q")) == ["a"]


def test_servers_are_found_by_their_pool_and_by_further_indexes() -> None:
    cache = Cache(
        indexes={"address": lambda one: one.get("spec", {}).get("relay", {}).get("egress", {}).get("address")}
    )
    cache.observe("ADDED", server("mx1", pool="p", labels={POOL: "forged"}))
    assert names(cache.by(SMTP_SERVER, "pool", "p")) == ["mx1"]
    assert names(cache.by(SMTP_SERVER, "address", "198.51.100.11")) == ["mx1"]


def test_news_are_told_once_and_never_go_back() -> None:
    cache = Cache()
    assert cache.observe("ADDED", body("a", version=5))
    assert not cache.observe("MODIFIED", body("a", version=5))
    assert not cache.observe("MODIFIED", body("a", version=4))
    assert cache.store(body("a", version=6))


def test_versions_compare_as_numbers() -> None:
    cache = Cache()
    cache.store(body("a", version=99))
    assert cache.store(body("a", version=100))


def test_a_late_answer_does_not_bring_a_deleted_object_back() -> None:
    cache = Cache()
    cache.observe("ADDED", body("a", version=1))
    assert cache.observe("DELETED", body("a", version=7))
    assert not cache.store(body("a", version=6))
    assert cache.get(CONFIG_MAP, A) is None
    assert cache.store(body("a", version=8)), "made anew"


def test_a_late_deletion_does_not_take_the_successor() -> None:
    cache = Cache()
    cache.store(body("a", version=9))
    assert not cache.observe("DELETED", body("a", version=7))
    assert cache.get(CONFIG_MAP, A) is not None


def test_what_a_complete_list_does_not_hold_is_gone() -> None:
    cache = Cache()
    for name, version in (("a", 1), ("b", 2), ("c", 30)):
        cache.store(body(name, version=version))
    assert [key.name for key in cache.keep(CONFIG_MAP, {A}, "20")] == ["b"]
    assert names(cache.all(CONFIG_MAP)) == ["a", "c"], "c is younger than the list"


def test_managed_fields_are_not_kept() -> None:
    cache = Cache()
    given = body("a", managedFields=[{"manager": "x"}])
    cache.store(given)
    kept = cache.get(CONFIG_MAP, A)
    assert kept is not None
    assert "managedFields" not in kept["metadata"]
    assert "managedFields" in given["metadata"], "the watch's own object stays as it is"


def test_a_server_without_a_valid_spec_is_kept_all_the_same() -> None:
    cache = Cache()
    cache.store(body("mx1", kind=SMTP_SERVER) | {"spec": {"poolRef": {"name": "p"}}})
    assert names(cache.all(SMTP_SERVER)) == ["mx1"]


def test_what_comes_after_the_start_is_not_remembered_when_it_is_gone() -> None:
    """Else objects that come and go, also those of strangers, fill the memory."""
    cache = Cache()
    cache.observe(None, body("a"))
    cache.primed()
    for number in range(3):
        cache.observe("ADDED", body(f"b{number}", version=2 * number + 2))
        cache.observe("DELETED", body(f"b{number}", version=2 * number + 3))
    assert not cache.fed


@pytest.mark.parametrize(
    ("labels", "annotations", "kept"),
    [
        ({POOL: "p"}, {}, False),
        ({POOL: "p"}, {OWNER_UID: "pool-uid"}, True),
        ({COMPONENT: "egress-report"}, {}, True),
        ({COMPONENT: "dashboard"}, {}, False),
    ],
)
def test_data_of_config_maps_that_belong_to_nobody_are_not_kept(
    labels: dict[str, str], annotations: dict[str, str], kept: bool
) -> None:
    """They carry our label, so the watch delivers them."""
    cache = Cache()
    content = {"data": {"text": "long"}, "binaryData": {"image": "long"}}
    cache.observe(None, body("a", labels=labels, annotations=annotations) | content)
    found = cache.get(CONFIG_MAP, A)
    assert found is not None
    assert ("data" in found, "binaryData" in found) == (kept, False)
