"""kubectl as the user runs it: KUBECONFIG and PATH come from the caller's environment."""

import json
import subprocess
from collections.abc import Iterable
from typing import Any

TIMEOUT = 120


class KubectlError(Exception):
    """kubectl said no; the message is what it printed."""


def kubectl(*arguments: str, stdin: str | None = None, timeout: float = TIMEOUT) -> str:
    """Stdout of one kubectl call; KubectlError with its stderr if it fails."""
    done = subprocess.run(
        ["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=timeout, check=False
    )
    if done.returncode:
        raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def apply(manifests: Iterable[dict[str, Any]]) -> str:
    """Server-side apply of manifests, as one document stream."""
    stream = "\n---\n".join(json.dumps(manifest) for manifest in manifests)
    return kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=stream)


def get(kind: str, name: str, *, namespace: str) -> dict[str, Any]:
    """One object; {} if it does not exist."""
    text = kubectl("get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found")
    return dict(json.loads(text)) if text else {}


def items(kind: str, *, namespace: str, selector: str = "") -> list[dict[str, Any]]:
    """All objects of a kind in a namespace, by labels."""
    text = kubectl("get", kind, "-n", namespace, "-o", "json", *(["-l", selector] if selector else []))
    return list(json.loads(text)["items"])


def patch(kind: str, name: str, change: dict[str, Any], *, namespace: str) -> None:
    """Merge patch."""
    kubectl("patch", kind, name, "-n", namespace, "--type=merge", "-p", json.dumps(change))
