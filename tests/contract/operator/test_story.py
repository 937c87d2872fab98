"""From an applied pool to weights in the routing."""

from smtppool.api.documents import Intake, Lanes
from smtppool.kube.kinds import SMTP_POOL, SMTP_SERVER
from tests.contract.operator.objects import pool, server
from tests.contract.operator.world import World


async def test_three_servers_get_their_children_and_their_weights(world: World) -> None:
    names = {"mx1": 10, "mx2": 5, "mx3": 3}
    servers = [server(world.namespace, name, weight=weight) for number, (name, weight) in enumerate(names.items())]
    await world.create(pool(world.namespace), *servers)
    await world.routed(names)
    children = await world.children()
    assert {name for name in children if "mx1" in name} == {
        "ConfigMap/mx1-config",
        "ConfigMap/mx1-grant",
        "ConfigMap/mx1-report",
        "NetworkPolicy/mx1-relay",
        "PersistentVolumeClaim/mx1-queue",
        "Pod/mx1-relay-0",
        "Role/mx1-relay",
        "RoleBinding/mx1-relay",
        "Service/mx1-relay",
        "ServiceAccount/mx1-relay",
        "StatefulSet/mx1-relay",
    }
    assert {"ConfigMap/marketing-routing", "PodDisruptionBudget/marketing", "Service/marketing"} <= children
    await world.says("mx1", "Ready", "True/Ready")
    await world.says("mx1", "EgressVerified", "True/Verified")
    await world.says("marketing", "Ready", "True/InTraffic", kind=SMTP_POOL)
    status = (await world.must(SMTP_POOL, "marketing"))["status"]
    assert (status["servers"], status["members"], status["inTraffic"]) == ("3/3", 3, 3)
    grant = await world.grant("mx1")
    assert grant is not None
    assert (grant.lanes, grant.intake) == (Lanes.OPEN, Intake.OPEN)
    body = await world.must(SMTP_SERVER, "mx1")
    assert (body["status"]["state"], body["status"]["weight"]) == ("InTraffic", 10)
