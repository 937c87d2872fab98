"""The preStop hook stands alone: its copies of names are those of the product, its imports those of Python."""

import subprocess
import sys

from smtppool.agent import frontends, prestop
from smtppool.api import names
from smtppool.render import haproxy


def test_its_names_are_the_products() -> None:
    assert prestop.STOPPING_FLAG == names.STOPPING_FLAG
    assert prestop.HAPROXY_SOCKET == names.HAPROXY_SOCKET
    assert (prestop.ENTRY, prestop.RELAY, prestop.HANDOVER_IN, prestop.HEALTH) == (
        haproxy.ENTRY,
        haproxy.RELAY,
        haproxy.HANDOVER_IN,
        haproxy.HEALTH,
    )


def test_it_counts_sessions_as_the_agent_does() -> None:
    counts = {
        ("entry", "FRONTEND"): 2,
        ("relay", "FRONTEND"): 3,
        ("handover_in", "FRONTEND"): 1,
        ("health", "BACKEND"): 2,
    }
    rows = [
        {"pxname": proxy, "svname": name, "scur": str(count), "status": "OPEN"}
        for (proxy, name), count in counts.items()
    ]
    own, entry = frontends.own_sessions(rows), frontends.entry_sessions(rows)
    assert prestop.sessions({(row["pxname"], row["svname"]): row for row in rows}) == own + entry == 4


def test_it_loads_nothing_but_the_standard_library() -> None:
    code = (
        "import sys, smtppool.agent.prestop; print([m for m in ('pydantic', 'aiohttp', 'asyncio') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": "operator"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert answer.stdout.strip() == "[]"
