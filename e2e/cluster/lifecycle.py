"""Up and down: each may be called in any state, also after a crash, and ends in the state it is named after."""

import os
import shutil
from pathlib import Path

from e2e.cluster import coredns, interrupted, network, node_image, packages, programs, versions
from e2e.cluster.current import CurrentCluster
from e2e.cluster.detect import Choice, Facts, choose, probe
from e2e.cluster.engine import Engine, docker, exists
from e2e.cluster.kind import Kind, Plan
from e2e.cluster.mailnet import NETWORK
from e2e.cluster.nodes import Nodes
from e2e.cluster.running import NoClusterError, recall, remember
from e2e.cluster.settings import Settings
from e2e.cluster.shell import CommandFailedError, say, step, succeeds


def up(settings: Settings, *, workers: int) -> None:
    """A cluster whose nodes are Ready and whose DNS answers; an existing one in good order is kept as it is."""
    if settings.current:
        cluster = CurrentCluster.of_context(settings)
        say(f"CLUSTER=current: {cluster.context()}, {len(cluster.nodes())} nodes")
        return
    facts = probe(settings)
    choice = _choice(settings, facts)
    say(str(choice))
    packages.install(choice)
    binaries = programs.bin_directory(programs.SETS[choice.node_image], settings)
    engine = remember(choice, settings).engine(settings)
    engine.start()
    kind = Kind(engine=engine, program=binaries / "kind", kubeconfig=settings.kubeconfig)
    nodes = Nodes(engine=engine, control_plane=settings.control_plane)
    in_order = not interrupted.interrupted(settings) and _healthy(nodes, workers=workers)
    if settings.prefix in kind.clusters() and not in_order:
        with step("remove what an earlier run left"):
            _delete_containers(engine, settings)
    interrupted.forget(settings)
    if settings.prefix not in kind.clusters():
        _provide_network(engine, choice)
        image = versions.STOCK_NODE_IMAGE if choice.node_image == "stock" else node_image.provide(engine, settings)
        kind.create(plan(settings, facts, choice, image=image, workers=workers))
    _finish(nodes, choice)


def down(settings: Settings) -> None:
    """Remove cluster, mailnet and private engine; the caches stay."""
    if settings.current:
        CurrentCluster.of_context(settings).mailnet_down()
        return
    with step(f"remove cluster {settings.prefix}"):
        try:
            engine = recall(settings).engine(settings)
        except NoClusterError:
            say("  no cluster is up")
            return
        if succeeds("docker", "info", env=engine.environment):
            _delete_containers(engine, settings)
        engine.stop()
        shutil.rmtree(settings.run)


def plan(settings: Settings, facts: Facts, choice: Choice, *, image: str, workers: int) -> Plan:
    """What kind is asked for: each deviation from its defaults comes from a fact."""
    return Plan(
        name=settings.prefix,
        workers=workers,
        image=image,
        bring_network=choice.node_image == "built",
        cgroup_v1=facts.cgroup_v1,
        keep_oom_score="CAP_SYS_RESOURCE" in facts.missing_capabilities,
    )


def _choice(settings: Settings, facts: Facts) -> Choice:
    """A cluster that is up keeps its engine: the private one's daemon must not be mistaken for the user's."""
    wanted = choose(facts, os.environ)
    try:
        present = recall(settings).choice
    except NoClusterError:
        return wanted
    if (present.engine, present.node_image) == (wanted.engine, wanted.node_image):
        return wanted
    say(f"the present cluster has {present}")
    down(settings)
    return wanted


def _provide_network(engine: Engine, choice: Choice) -> None:
    """Before kind makes it: kind would ask for IPv6 too, which a private engine's namespace need not have."""
    if choice.engine == "private" and not exists(engine, "network", NETWORK):
        docker(engine, "network", "create", NETWORK)


def _healthy(nodes: Nodes, *, workers: int) -> bool:
    try:
        found = nodes.every()
    except CommandFailedError:
        return False
    return len(found) == workers + 1 and all(node.ready for node in found)


def _finish(nodes: Nodes, choice: Choice) -> None:
    coredns.forward_to_mailnet(nodes)
    with step("wait for the nodes and the cluster's DNS"):
        if choice.node_image == "built":
            network.lay(nodes)
        nodes.await_ready()
        coredns.await_ready(nodes)


def _delete_containers(engine: Engine, settings: Settings) -> None:
    docker(engine, "rm", "--force", "--volumes", settings.mailnet)
    kind = programs.program("kind", settings)
    Kind(engine=engine, program=Path(kind), kubeconfig=settings.kubeconfig).delete(settings.prefix)
