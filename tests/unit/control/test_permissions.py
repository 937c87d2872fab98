"""The chart grants what the operator's table says, no more and no less."""

from pathlib import Path
from typing import Any

import yaml

from smtppool.control.permissions import PERMISSIONS, rules
from smtppool.control.watching import SOURCES

TEMPLATE = Path(__file__).parents[3] / "charts/smtp-pool-operator/templates/operator/clusterrole.yaml"


def chart_rules() -> list[dict[str, Any]]:
    """The part of the template that has no template language in it."""
    text = TEMPLATE.read_text("utf-8").split("\nrules:\n", 1)[1].split("\n---\n", 1)[0]
    found: list[dict[str, Any]] = yaml.safe_load(text)
    return found


def flat(listed: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in listed
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_chart_grants_exactly_these() -> None:
    assert flat(chart_rules()) == flat(rules())


def test_every_watched_kind_may_be_listed_and_watched() -> None:
    granted = flat(rules())
    for kind in SOURCES:
        assert {(kind.group, kind.plural, verb) for verb in ("list", "watch")} <= granted


def test_nothing_is_granted_by_wildcard_and_no_secrets() -> None:
    for permission in PERMISSIONS:
        assert "*" not in (permission.group, *permission.resources, *permission.verbs)
        assert "secrets" not in permission.resources
