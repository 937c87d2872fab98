"""Generated copies are what their sources say, and the plain manifest holds what the chart gives by default."""

import pytest
import yaml

from hack.generate import CHART_CRDS, INSTALL, NotATemplateError, template
from tests.chart.conftest import NAMESPACE, ROOT, Render, only


def test_every_definition_is_in_the_chart(render: Render) -> None:
    files = sorted(path.name for path in (ROOT / "crds").glob("*.yaml"))
    assert files == sorted(path.name for path in CHART_CRDS.iterdir())
    rendered = render("crds.keep=false")
    for file in files:
        source = yaml.safe_load((ROOT / "crds" / file).read_text("utf-8"))
        assert only(rendered, "CustomResourceDefinition", source["metadata"]["name"]) == source


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: b\nmetadata:\n  name: {{ x }}\n", "template"),
        ("a: b\n", "metadata"),
        ("a: b\nmetadata:\n  annotations: {}\n", "metadata"),
    ],
)
def test_definitions_that_cannot_be_carried(text: str, what: str) -> None:
    with pytest.raises(NotATemplateError, match=what):
        template(text, name="x.yaml")


def test_plain_manifest(render: Render) -> None:
    plain = [body for body in yaml.safe_load_all(INSTALL.read_text("utf-8")) if body]
    expected = [body for body in render() if "helm.sh/hook" not in body["metadata"].get("annotations", {})]
    assert plain[0]["kind"] == "Namespace"
    assert plain[0]["metadata"]["name"] == NAMESPACE
    assert sorted(plain[1:], key=str) == sorted(expected, key=str)
