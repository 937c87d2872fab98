"""`python3 -m smtppool.gate`: the gate with its supervisor, until SIGTERM."""

import sys

from smtppool.gate.supervisor import run

sys.exit(run())
