"""Which engine and node image a machine gets: every situation of docs/cluster.md, from facts alone."""

from dataclasses import replace

import pytest

from e2e.cluster.detect import DetectionError, Facts, choose

LAPTOP = Facts(docker_answers=True, stock_image_available=True, root=False, cgroup_v1=False)
BARE = Facts(docker_answers=False, stock_image_available=False, root=True, cgroup_v1=False)

CASES = [
    ("Docker and a registry", LAPTOP, {}, ("docker", "stock")),
    ("Docker, no registry", replace(LAPTOP, stock_image_available=False, root=True), {}, ("docker", "built")),
    ("Docker on cgroup v1", replace(LAPTOP, cgroup_v1=True, root=True), {}, ("docker", "built")),
    ("no daemon", BARE, {}, ("private", "built")),
    ("no daemon, cgroup v1", replace(BARE, cgroup_v1=True), {}, ("private", "built")),
    ("private asked for", replace(LAPTOP, root=True), {"SMTPPOOL_ENGINE": "private"}, ("private", "built")),
    ("built asked for", replace(LAPTOP, root=True), {"SMTPPOOL_NODE_IMAGE": "built"}, ("docker", "built")),
    ("stock asked for", replace(LAPTOP, cgroup_v1=True), {"SMTPPOOL_NODE_IMAGE": "stock"}, ("docker", "stock")),
    ("an empty variable says nothing", LAPTOP, {"SMTPPOOL_ENGINE": ""}, ("docker", "stock")),
]

REFUSED = [
    ("no daemon, no root", replace(BARE, root=False), {}, "needs root"),
    ("Docker, no registry, no root", replace(LAPTOP, stock_image_available=False), {}, "needs root"),
    ("docker asked for, none there", BARE, {"SMTPPOOL_ENGINE": "docker"}, "docker info"),
    ("stock in a private engine", BARE, {"SMTPPOOL_NODE_IMAGE": "stock"}, "no way to a registry"),
    ("an unknown engine", LAPTOP, {"SMTPPOOL_ENGINE": "podman"}, "want docker or private"),
    ("an unknown image", LAPTOP, {"SMTPPOOL_NODE_IMAGE": "own"}, "want stock or built"),
]


@pytest.mark.parametrize(("name", "facts", "environment", "expected"), CASES, ids=[case[0] for case in CASES])
def test_choice(name: str, facts: Facts, environment: dict[str, str], expected: tuple[str, str]) -> None:
    choice = choose(facts, environment)
    assert (choice.engine, choice.node_image) == expected


@pytest.mark.parametrize(("name", "facts", "environment", "message"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refusal_says_what_helps(name: str, facts: Facts, environment: dict[str, str], message: str) -> None:
    with pytest.raises(DetectionError, match=message):
        choose(facts, environment)


def test_choice_is_one_line_with_its_reasons() -> None:
    text = str(choose(BARE, {}))
    assert text == "engine: private, node image: built (no Docker daemon answers; it reaches no registry)"
