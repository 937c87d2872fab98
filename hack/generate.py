"""Writes what is rendered from other files: the chart's copies of the CRDs, and manifests/install.yaml by helm.

`crds/` must be current first; `hack.generated` sees to the order.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

from e2e.cluster.programs import program
from e2e.cluster.settings import from_environment

ROOT: Final = Path(__file__).resolve().parent.parent
CHART: Final = ROOT / "charts" / "smtp-pool-operator"
CHART_CRDS: Final = CHART / "templates" / "crds"
INSTALL: Final = ROOT / "manifests" / "install.yaml"
NAMESPACE: Final = "smtp-system"
KUBERNETES: Final = "1.31.0"  # the oldest version that the chart admits

_METADATA: Final = "\nmetadata:\n"
_KEEP: Final = """\
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"""
_HEADER: Final = f"""\
# Rendered from charts/smtp-pool-operator by `make generate`; do not edit.
# kubectl apply --server-side -f manifests/install.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
"""


class NotATemplateError(Exception):
    """A CRD holds text that the chart's copy cannot carry."""


def template(definition: str, *, name: str) -> str:
    """The chart's copy of one CRD."""
    if "{{" in definition:
        raise NotATemplateError(f"{name}: `{{{{` would be read as a template")
    head, metadata, rest = definition.partition(_METADATA)
    if not metadata or rest.startswith("  annotations:"):
        raise NotATemplateError(f"{name}: want metadata without annotations")
    return f"{{{{- if .Values.crds.enabled }}}}\n{head}{metadata}{_KEEP}{rest}{{{{- end }}}}\n"


def write_crds() -> None:
    """One template for each file in crds/, and none besides."""
    CHART_CRDS.mkdir(parents=True, exist_ok=True)
    definitions = sorted((ROOT / "crds").glob("*.yaml"))
    for stale in set(CHART_CRDS.iterdir()) - {CHART_CRDS / file.name for file in definitions}:
        stale.unlink()
    for file in definitions:
        (CHART_CRDS / file.name).write_text(template(file.read_text("utf-8"), name=file.name), encoding="utf-8")


def write_install() -> None:
    """The chart with its default values, for those who do not use helm."""
    helm = str(program("helm", from_environment()))
    options = ["--namespace", NAMESPACE, "--kube-version", KUBERNETES, "--no-hooks"]
    command = [helm, "template", CHART.name, str(CHART), *options]
    rendered = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout
    INSTALL.parent.mkdir(parents=True, exist_ok=True)
    INSTALL.write_text(_HEADER + rendered, encoding="utf-8")


def main() -> int:
    """Both, in order."""
    write_crds()
    write_install()
    return 0


if __name__ == "__main__":
    sys.exit(main())
