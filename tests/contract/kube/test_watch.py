"""One object followed by name, with a token that may see nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.names import Key
from smtppool.kube.client import Api, connect
from smtppool.kube.errors import RefusedError
from smtppool.kube.kinds import CONFIG_MAP, Body
from smtppool.kube.watch import follow
from smtppool.render import rbac, serviceaccount
from tests.contract.kube.objects import config_map
from tests.unit.render.subjects import relay

WAIT = 10


async def following(states: AsyncIterator[Body | None]) -> Body | None:
    async with asyncio.timeout(WAIT):
        return await anext(states)


async def changed(states: AsyncIterator[Body | None], *, before: Body | None) -> Body | None:
    """The next state that is another one: what stays the same is confirmed now and then."""
    while (state := await following(states)) == before:
        pass
    return state


async def test_all_its_states(api: Api, namespace: str) -> None:
    key = Key(namespace, "a")
    async with aclosing(follow(api, CONFIG_MAP, key, watch_seconds=2)) as states:  # type: ignore[type-var]
        assert await following(states) is None
        await api.create(config_map(namespace, "other"), manager="tests")
        made = await api.create(config_map(namespace), manager="tests")
        assert await changed(states, before=None) == made
        for _ in range(3):  # the server ends the watch, a new one goes on from there
            assert await following(states) == made, "an object that does not change is confirmed"
        edited = await api.merge_patch(CONFIG_MAP, key, {"data": {"k": "w"}}, manager="tests")
        assert await changed(states, before=made) == edited
        await api.delete(CONFIG_MAP, key, uid=made["metadata"]["uid"])
        assert await changed(states, before=edited) is None
        assert await following(states) is None, "its absence is confirmed too"


async def test_an_agents_token_is_enough_and_is_enough_for_no_more(
    api: Api, plane: ControlPlane, namespace: str
) -> None:
    server = relay()
    for manifest in (serviceaccount.manifest(server), rbac.role(server), rbac.role_binding(server)):
        manifest["metadata"]["namespace"] = namespace
        for subject in manifest.get("subjects", []):
            subject["namespace"] = namespace
        await api.apply(manifest, manager="tests")
    await api.create(config_map(namespace, "mx11-grant"), manager="tests")
    token = plane.service_account_token(namespace, "mx11-relay")
    async with connect(kubeconfig=plane.kubeconfig_for(name=f"agent-{namespace}", token=token)) as agent:
        async with aclosing(follow(agent, CONFIG_MAP, Key(namespace, "mx11-grant"))) as states:  # type: ignore[type-var]
            assert await following(states) is not None
        for name in ("mx12-grant", "mx11-report", "other-routing"):
            with pytest.raises(RefusedError, match="forbidden"):
                await anext(follow(agent, CONFIG_MAP, Key(namespace, name)))
        with pytest.raises(RefusedError, match="forbidden"):
            await agent.list(CONFIG_MAP, namespace=namespace)
