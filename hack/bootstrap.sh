#!/usr/bin/env bash
# Makes sure that `python3 -m venv` works, the one thing that make itself cannot fetch by pip.
# Installs Debian's or Ubuntu's package as root; elsewhere it names the command and stops.
set -euo pipefail

python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    exit 0
fi

if ! command -v apt-get >/dev/null; then
    say "Python 3.11 or newer with the venv module is needed: install it with your system's package tool,"
    say "or name one: make PYTHON=/path/to/python3"
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    say "Python 3.11 or newer with the venv module is needed; run: sudo apt-get install python3 python3-venv"
    exit 1
fi

say "installing python3-venv"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-venv >/dev/null

if ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'; then
    say "$("$python" --version) is too old or still has no venv: Python 3.11 or newer is needed (make PYTHON=...)"
    exit 1
fi
