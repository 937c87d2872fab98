"""mtail with its own Postfix program, as Debian packages them: unpacked beside, never installed, so nothing starts."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = Path("usr/share/doc/mtail/examples/postfix.mtail")
BINARY: Final = Path("usr/bin/mtail")
TIMEOUT: Final = 300


class MissingMtailError(Exception):
    """It is not there and cannot be fetched; the message has the command that does it."""


def command(log: Path, *, directory: Path) -> list[str]:
    """What reads the log once and prints all metrics as JSON."""
    root = _unpacked(directory)
    programs = directory / "programs"
    programs.mkdir(exist_ok=True)
    shutil.copyfile(root / PROGRAM, programs / "postfix.mtail")
    return [
        str(root / BINARY), "--one_shot", "--one_shot_format=json", "--logtostderr", "--stderrthreshold=3",
        "--address=127.0.0.1", "--port=0", f"--progs={programs}", f"--logs={log}",
    ]  # fmt: skip


def _unpacked(directory: Path) -> Path:
    if (Path("/") / BINARY).exists() and (Path("/") / PROGRAM).exists():
        return Path("/")
    root = directory / "mtail"
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise MissingMtailError("mtail is missing; install it, with its examples, from your distribution")
    if not _download(directory) and (os.geteuid() or not (_run("apt-get", "update") and _download(directory))):
        raise MissingMtailError("mtail is missing; run: sudo apt-get update, sudo apt-get install --yes mtail")
    subprocess.run(["dpkg-deb", "-x", next(directory.glob("mtail_*.deb")), root], check=True, timeout=TIMEOUT)
    return root


def _download(directory: Path) -> bool:
    return _run("apt-get", "download", "mtail", directory=directory)


def _run(*arguments: str, directory: Path | None = None) -> bool:
    done = subprocess.run(arguments, cwd=directory, capture_output=True, timeout=TIMEOUT, check=False)
    return done.returncode == 0


def counts(output: str) -> dict[str, float]:
    """What it counted, as `name{label,label}`; of a histogram the number of its values and their sum."""
    found: dict[str, float] = {}
    metrics: Mapping[str, list[dict[str, Any]]] = json.loads(output)
    for metric in (one for several in metrics.values() for one in several):
        for item in metric.get("LabelValues") or []:
            name, value = f"{metric['Name']}{{{','.join(item.get('Labels') or [])}}}", item["Value"]
            if "Buckets" in value:
                found |= {f"{name} count": float(value["Count"]), f"{name} sum": round(float(value["Sum"]), 3)}
            else:
                found[name] = float(value["Value"])
    return {name: value for name, value in found.items() if value}
