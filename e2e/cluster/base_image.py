"""A stand-in for the base image where no registry has it: a plain minimal Debian of the same suite, by mmdebstrap."""

from pathlib import Path

from e2e.cluster.content import key_of, made_at
from e2e.cluster.settings import Settings
from e2e.cluster.shell import run, step
from e2e.cluster.versions import IMAGE_SUITE

PACKAGES = "ca-certificates"
BOOTSTRAP_TIMEOUT = 900
# What the slim variant of Debian's own image leaves out, now and in packages that are installed on top.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*")


def tarball(settings: Settings) -> Path:
    """The root file system as one tar file."""
    archive = settings.cache / "base" / f"{IMAGE_SUITE}-{key_of(IMAGE_SUITE, PACKAGES, *LEFT_OUT)}.tar"
    if not archive.exists():
        with step(f"make a base image of Debian {IMAGE_SUITE}"), made_at(archive) as target:
            smaller = (f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT)
            words = ("--quiet", "--variant=minbase", f"--include={PACKAGES}", *smaller)
            run("mmdebstrap", *words, IMAGE_SUITE, target, timeout=BOOTSTRAP_TIMEOUT)
    return archive
