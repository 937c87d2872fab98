"""What the pages promise is checked where it can be: examples validate, links lead somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from smtppool.api.base import API_VERSION
from smtppool.api.ipwarmupplan import IpWarmupPlanSpec
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import SmtpServerSpec

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


def test_every_decision_is_in_the_index() -> None:
    directory = ROOT / "docs/decisions"
    index = (directory / "README.md").read_text()
    records = sorted(path.name for path in directory.glob("[0-9]*.md"))
    assert [name for name in records if f"({name})" not in index] == []
    assert len({name[:4] for name in records}) == len(records)
