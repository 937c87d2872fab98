"""What the pages promise is checked where it can be: examples validate, links lead somewhere."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from smtppool.api.base import API_VERSION
from smtppool.api.ipwarmupplan import IpWarmupPlanSpec
from smtppool.api.names import Key, grant_name, health_name, report_name, routing_name
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import SmtpServerSpec
from smtppool.control.context import Queues
from smtppool.render.configmap import content
from smtppool.render.identity import PoolObject, ServerObject
from tests.unit.api.table import GOOD

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SPECS: dict[str, type[BaseModel]] = {
    "SmtpPool": SmtpPoolSpec,
    "SmtpServer": SmtpServerSpec,
    "IpWarmupPlan": IpWarmupPlanSpec,
}


def examples() -> list[dict[str, Any]]:
    """Every object in a YAML block of the README."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(), flags=re.DOTALL | re.MULTILINE)
    return [document for block in blocks for document in yaml.safe_load_all(block)]


def test_readme_shows_one_of_each_kind() -> None:
    assert [example["kind"] for example in examples()] == list(SPECS)


@pytest.mark.parametrize("example", examples(), ids=lambda example: str(example["kind"]))
def test_readme_examples_are_valid(example: dict[str, Any]) -> None:
    assert example["apiVersion"] == API_VERSION
    SPECS[example["kind"]].model_validate(example["spec"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def architecture() -> str:
    return (ROOT / "docs/architecture.md").read_text()


def test_the_architecture_has_each_worker() -> None:
    table = re.search(r"^\| worker \|.*?\n\n", architecture(), re.DOTALL | re.MULTILINE)
    assert table
    assert sorted(re.findall(r"^\| (\w+) \|", table[0], re.MULTILINE)) == sorted(
        ["worker", *(one.name for one in fields(Queues))]
    )


def test_the_architecture_has_each_file_of_a_relays_configuration() -> None:
    said = re.search(r"ConfigMap `<server>-config`: (.*?)\)", architecture(), re.DOTALL)
    assert said
    pool = PoolObject(key=Key("mail", "demo"), uid="1", spec=SmtpPoolSpec.model_validate(GOOD["SmtpPool"]))
    server = ServerObject(key=Key("mail", "mx1"), uid="2", spec=SmtpServerSpec.model_validate(GOOD["SmtpServer"]))
    assert sorted(re.findall(r"`([^`]+)`", said[1])) == sorted(content(server, pool))


def test_the_architecture_has_each_document() -> None:
    names = [routing_name("<pool>"), health_name("<pool>"), grant_name("<server>"), report_name("<server>")]
    assert [name for name in names if f"ConfigMap `{name}`" not in architecture()] == []


def test_every_decision_is_in_the_index() -> None:
    directory = ROOT / "docs/decisions"
    index = (directory / "README.md").read_text()
    records = sorted(path.name for path in directory.glob("[0-9]*.md"))
    assert [name for name in records if f"({name})" not in index] == []
    assert len({name[:4] for name in records}) == len(records)
