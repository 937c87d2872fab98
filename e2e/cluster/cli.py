"""The verbs of `python -m e2e.cluster`: each only reads its arguments and calls the module that does the work."""

import argparse
import os
import shlex
from collections.abc import Callable, Sequence

from e2e.cluster import delivery, lifecycle, packages, programs
from e2e.cluster.api import Cluster
from e2e.cluster.detect import choose, probe
from e2e.cluster.errors import ClusterError
from e2e.cluster.exclusive import change
from e2e.cluster.settings import Settings, SettingsError, from_environment
from e2e.cluster.shell import replace_self, say
from e2e.cluster.sources import SOURCES, image
from e2e.cluster.toolchain import go_command


def main(argv: Sequence[str]) -> int:
    """Run one verb; a foreseen failure is one message and exit code 1, not a traceback."""
    arguments = _parser().parse_args(argv)
    verb: Callable[[argparse.Namespace, Settings], None] = arguments.verb
    try:
        verb(arguments, from_environment())
    except ClusterError as error:
        say(f"error: {error}")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m e2e.cluster", description=__doc__)
    verbs = parser.add_subparsers(required=True)

    def verb(name: str, run: Callable[[argparse.Namespace, Settings], None]) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=run.__doc__, description=run.__doc__)
        added.set_defaults(verb=run)
        return added

    verb("detect", _detect)
    verb("setup", _setup)
    verb("programs", _programs).add_argument("--only", choices=sorted(programs.SETS))
    verb("images", _images).add_argument("names", nargs="*", default=list(SOURCES))
    verb("image-ref", _image_ref).add_argument("name", choices=sorted(SOURCES))
    up = verb("up", _up)
    up.add_argument("--workers", type=int, default=1)
    up.add_argument("--only-cluster", action="store_true", help="without the product's images and the mailnet")
    verb("load", _load).add_argument("names", nargs="*", default=list(SOURCES))
    verb("mailnet-up", _mailnet_up)
    verb("down", _down)
    verb("env", _env)
    verb("exec", _exec).add_argument("command", nargs=argparse.REMAINDER)
    for name, run in (("egress-add", _egress_add), ("egress-del", _egress_del)):
        added = verb(name, run)
        added.add_argument("node")
        added.add_argument("address")
    return parser


def _detect(_: argparse.Namespace, settings: Settings) -> None:
    """say which engine and node image this machine gets, and why"""
    print("CLUSTER=current: the present KUBECONFIG" if settings.current else choose(probe(settings), os.environ))


def _setup(_: argparse.Namespace, settings: Settings) -> None:
    """install the system packages and the Go toolchain that are missing, or name the command that does"""
    if not settings.current:
        choice = choose(probe(settings), os.environ)
        say(str(choice))
        packages.install(choice)
    say(f"Go: {go_command(settings)}")


def _programs(arguments: argparse.Namespace, settings: Settings) -> None:
    """build the programs that this machine's cluster needs (or one set) and print the directory that holds them"""
    wanted = arguments.only or ("stock" if settings.current else choose(probe(settings), os.environ).node_image)
    print(programs.bin_directory(programs.SETS[wanted], settings))


def _images(arguments: argparse.Namespace, settings: Settings) -> None:
    """build images (all by default) and print the reference of each"""
    for name in arguments.names:
        print(delivery.build(name, settings))


def _image_ref(arguments: argparse.Namespace, _: Settings) -> None:
    """print the reference of an image as the sources are now"""
    print(image(arguments.name).reference)


def _up(arguments: argparse.Namespace, settings: Settings) -> None:
    """bring up cluster, images and simulated internet; what is up and unchanged is left as it is"""
    with change(settings):
        lifecycle.up(settings, workers=arguments.workers)
        if not arguments.only_cluster:
            delivery.load(list(SOURCES), settings)
            delivery.mailnet_up(settings)


def _load(arguments: argparse.Namespace, settings: Settings) -> None:
    """build images (all by default) and load them onto every node"""
    with change(settings):
        delivery.load(arguments.names, settings)


def _mailnet_up(_: argparse.Namespace, settings: Settings) -> None:
    """run the simulated internet from its present sources and set the routes"""
    with change(settings):
        delivery.mailnet_up(settings)


def _down(_: argparse.Namespace, settings: Settings) -> None:
    """remove the cluster and everything that `up` started; caches stay"""
    with change(settings):
        lifecycle.down(settings)


def _egress_add(arguments: argparse.Namespace, settings: Settings) -> None:
    """let a node hold an egress address"""
    Cluster.attach(settings).egress_add(arguments.node, arguments.address)


def _egress_del(arguments: argparse.Namespace, settings: Settings) -> None:
    """take an egress address from a node"""
    Cluster.attach(settings).egress_del(arguments.node, arguments.address)


def _env(_: argparse.Namespace, settings: Settings) -> None:
    """print the variables that `exec` sets, as shell exports"""
    for name, value in _environment(Cluster.attach(settings)).items():
        print(f"export {name}={shlex.quote(value)}")


def _exec(arguments: argparse.Namespace, settings: Settings) -> None:
    """run a command where the cluster can be reached, with KUBECONFIG, DOCKER_HOST and PATH set"""
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command:
        raise SettingsError("exec: no command given")
    cluster = Cluster.attach(settings)
    replace_self([*cluster.engine.inside, *command], _environment(cluster))


def _environment(cluster: Cluster) -> dict[str, str]:
    return {**cluster.environment, "PATH": f"{cluster.binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
