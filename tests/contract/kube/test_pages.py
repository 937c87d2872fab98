"""A long list in pages: as many objects as asked for in each, all as they were when the first was made."""

from smtppool.kube.client import Api, Page
from smtppool.kube.kinds import CONFIG_MAP, key_of
from tests.contract.kube.objects import config_map

OURS = "app.kubernetes.io/part-of=smtppool"


async def test_pages_are_of_one_moment(api: Api, namespace: str) -> None:
    for name in "abcde":
        await api.create(config_map(namespace, name), manager="tests")
    await api.create(config_map(namespace) | {"metadata": {"name": "x", "namespace": namespace}}, manager="tests")
    pages = [await page(api, namespace)]
    await api.create(config_map(namespace, "f"), manager="tests")
    while pages[-1].more:
        pages.append(await page(api, namespace, after=pages[-1].more))
    assert [[key_of(body).name for body in one.bodies] for one in pages] == [["a", "b"], ["c", "d"], ["e"]]
    assert len({one.version for one in pages}) == 1


async def page(api: Api, namespace: str, *, after: str = "") -> Page:
    return await api.page(CONFIG_MAP, namespace=namespace, size=2, after=after, label_selector=OURS)
