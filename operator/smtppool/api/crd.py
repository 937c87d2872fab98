"""The CustomResourceDefinitions, generated from the models: `python -m smtppool.api.crd --out crds/`.

The models are the only source; the files in crds/ are never edited.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from smtppool.api.base import GROUP, VERSION
from smtppool.api.crd_kinds import KINDS, NAME_RULE, Kind
from smtppool.api.crd_schema import Schema, structural

HEADER = "# Generated from operator/smtppool/api by `make generate`. Do not edit.\n"
CATEGORY = "smtp"


def definition(kind: Kind) -> dict[str, Any]:
    """The CustomResourceDefinition of one kind."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "plural": kind.plural,
                "singular": kind.name.lower(),
                "shortNames": [kind.short_name],
                "categories": [CATEGORY],
            },
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> dict[str, Any]:
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [column.dump() for column in kind.columns],
        "schema": {"openAPIV3Schema": _root(kind)},
    }
    fields = [{"jsonPath": path} for path in kind.selectable]
    return version | ({"selectableFields": fields} if fields else {})


def _root(kind: Kind) -> Schema:
    return {
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": structural(kind.spec, defaults=True),
            # Defaults in a status would be facts that nobody observed.
            "status": structural(kind.status, defaults=False),
        },
        "x-kubernetes-validations": [NAME_RULE],
    }


class _Plain(yaml.SafeDumper):
    """Equal values are written out each time: anchors are hard to read and some tools refuse them."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the name is PyYAML's
        return True


def render(kind: Kind) -> str:
    """The text of one file in crds/."""
    return HEADER + yaml.dump(definition(kind), Dumper=_Plain, sort_keys=False, width=1000, allow_unicode=True)


def main(arguments: list[str]) -> None:
    """Write one file for each kind."""
    parser = argparse.ArgumentParser(prog="python -m smtppool.api.crd", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("crds"), help="directory for the files (default: crds)")
    out: Path = parser.parse_args(arguments).out
    out.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (out / f"{GROUP}_{kind.plural}.yaml").write_text(render(kind), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
