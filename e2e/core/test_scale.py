"""Members come and go under load: no SMTP error, no HAProxy reload."""

from e2e.stand.kubectl import apply, kubectl
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.sender import Sender
from e2e.stand.shares import counted
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

NEW = ServerPlan(name="extra", address="198.51.100.24", weight=10)


# Prints HAProxy's own pid and start time: a reload or a restart changes them.
SHOW_START = (
    "import socket;s=socket.socket(socket.AF_UNIX);s.connect('/run/smtppool/haproxy.sock');s.sendall(b'show info\\n');"
    "t=b''.join(iter(lambda:s.recv(65536),b'')).decode();"
    "print([l for l in t.splitlines() if l.startswith(('Pid:','Start_time_sec:'))])"
)


def haproxy_starts(plan: PoolPlan) -> dict[str, str]:
    """Pid and start time of HAProxy's worker, by pod."""
    pods = [f"{s.name}-relay-0" for s in plan.servers]
    show = ("-c", "agent", "--", "python3", "-c", SHOW_START)
    return {pod: kubectl("exec", "-n", plan.namespace, pod, *show) for pod in pods}


def test_scale_out_and_in_under_load(stand: Stand, pool: PoolPlan, sender: Sender) -> None:
    before = haproxy_starts(pool)
    grown = PoolPlan(name=pool.name, namespace=pool.namespace, servers=(*pool.servers, NEW))
    stand.place(grown)
    run = sender.start(target(pool), "--rate", "30/s", "--duration", "60s", "-p", "10")
    apply([NEW.manifest(namespace=pool.namespace, pool=pool.name)])
    stand.in_traffic(grown)
    until(lambda: NEW.address in by_source(stand, run.prefix), what="mail by the new address", timeout=20)
    kubectl("delete", "smtpserver", NEW.name, "-n", pool.namespace, "--timeout=60s")
    assert run.running, "the load lasts longer than both changes"
    sent = run.result()
    stand.all_arrive(sent)
    assert sent.errors == []
    assert haproxy_starts(pool) == before
    left = kubectl("get", "all,cm,pvc,sa,role,rolebinding,networkpolicy", "-n", pool.namespace, "-o", "name")
    assert "extra" not in left


def by_source(stand: Stand, prefix: str) -> set[str]:
    """Addresses that sinks have seen in this run."""
    return set(counted(stand.mailnet, prefix=prefix))
