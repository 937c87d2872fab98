"""An OCI runtime that asks for no capability this host lacks, then becomes runc.

`docker run --privileged` asks for every capability and fails on a host whose bounding set misses one. Taking that one
out asks for less and gains nothing. Run by dockerd as a program: stdlib only, no import from the package.
"""

import json
import os
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

FILE_OPTIONS = {"--bundle": "config.json", "-b": "config.json", "--process": "", "-p": ""}
# In the order of their numbers, as linux/capability.h has them.
ORDER = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)


def missing_capabilities(status: str) -> frozenset[str]:
    """Names (CAP_...) that are not in the bounding set of this /proc/<pid>/status."""
    bounding = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapBnd:"))
    return frozenset(f"CAP_{name}" for number, name in enumerate(ORDER.split()) if not bounding >> number & 1)


def without(capabilities: dict[str, list[str] | None], missing: frozenset[str]) -> dict[str, list[str]]:
    """The five capability sets of an OCI process, less what is missing."""
    return {name: [entry for entry in entries or () if entry not in missing] for name, entries in capabilities.items()}


def rewrite(file: Path, missing: frozenset[str]) -> None:
    """Change a config.json (process below `process`) or a process.json in place."""
    content: dict[str, Any] = json.loads(file.read_text())
    process = content.get("process", content)
    if process.get("capabilities"):
        process["capabilities"] = without(process["capabilities"], missing)
        file.write_text(json.dumps(content))


def files_of(argv: list[str]) -> list[Path]:
    """The configuration files that a runc command line names."""
    named = [(option, Path(value)) for option, value in pairwise(argv) if option in FILE_OPTIONS]
    return [value / FILE_OPTIONS[option] for option, value in named]


def main() -> None:
    missing = missing_capabilities(Path("/proc/self/status").read_text())
    for file in files_of(sys.argv[1:]):
        if file.is_file():
            rewrite(file, missing)
    runc = shutil.which("runc", path="/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin") or "/usr/sbin/runc"
    os.execv(runc, ["runc", *sys.argv[1:]])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
