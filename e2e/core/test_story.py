"""`kubectl get smtp` tells the story."""

import pytest

from e2e.stand.kubectl import kubectl
from e2e.stand.pools import PoolPlan
from e2e.stand.stand import Stand


def test_kubectl_get_smtp(pool: PoolPlan) -> None:
    text = kubectl("get", "smtp", "-n", pool.namespace)
    print(text)
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line and not line.startswith("NAME")}
    assert "3/3" in lines["smtppool.smtppool.io/marketing"]
    for server in pool.servers:
        row = lines[f"smtpserver.smtppool.io/{server.name}"]
        assert server.address in row
        assert str(server.weight) in row


@pytest.mark.node_addresses
def test_every_condition_explains_itself(stand: Stand, pool: PoolPlan) -> None:
    for server in pool.servers:
        conditions = stand.server(server.name, namespace=pool.namespace).obj["status"]["conditions"]
        by_type = {c["type"]: c for c in conditions}
        assert by_type["Ready"]["status"] == "True"
        assert by_type["EgressVerified"]["status"] == "True"
        assert by_type["Healthy"]["reason"] == "NotEvaluated"
        assert by_type["IdentityVerified"]["reason"] == "NotEvaluated"
        for condition in conditions:
            assert condition["message"], condition["type"]
            assert (
                condition["observedGeneration"]
                == stand.server(server.name, namespace=pool.namespace).obj["metadata"]["generation"]
            )
