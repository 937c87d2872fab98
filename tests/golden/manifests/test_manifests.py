"""The manifests of each scene as text: a change of what is applied shows as a difference in review.

`UPDATE_GOLDEN=1 pytest tests/golden/manifests` writes the files anew.
"""

import os
from pathlib import Path

import pytest
import yaml
from kubernetes import client

from smtppool.render.identity import Manifest
from tests.unit.render.subjects import scenes

HERE = Path(__file__).parent
SCENES = scenes()


class Plain(yaml.SafeDumper):
    """No anchors, and long texts as blocks."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


Plain.add_representer(str, _text)


def written(manifests: tuple[Manifest, ...]) -> str:
    return yaml.dump_all(manifests, Dumper=Plain, sort_keys=False, width=1000, explicit_start=True)


@pytest.mark.parametrize("scene", SCENES)
def test_manifests(scene: str) -> None:
    golden = HERE / f"{scene}.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(written(SCENES[scene]))
    assert written(SCENES[scene]) == golden.read_text()


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in HERE.glob("*.yaml")} == set(SCENES)


@pytest.mark.parametrize("scene", SCENES)
def test_fields_exist_in_kubernetes(scene: str) -> None:
    """The client's models refuse unknown and missing fields, without a server."""
    for manifest in SCENES[scene]:
        model = getattr(client, f"V1{manifest['kind']}")
        model(**manifest)
