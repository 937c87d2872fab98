"""The API server refuses and takes what the table says, and its message names the field and the allowed form."""

import pytest

from smtppool.kube.client import Api
from smtppool.kube.errors import RefusedError
from smtppool.kube.kinds import Body
from tests.unit.api.cases import BAD, FINE
from tests.unit.api.table import GOOD, TEMPLATE, Case, changed, document


def title(case: Case) -> str:
    return f"{case.kind}: {case.title}"


async def create(api: Api, body: Body) -> Body:
    """What `kubectl apply` asks for: strict about unknown fields; nothing is stored."""
    return await api.create(body, manager="tests", dry_run=True)


@pytest.mark.parametrize("case", BAD, ids=title)
async def test_refused(api: Api, case: Case) -> None:
    with pytest.raises(RefusedError) as caught:
        await create(api, document(case.kind, case.spec))
    for words in (case.field, *case.says):
        assert words in str(caught.value)


@pytest.mark.parametrize("case", FINE, ids=title)
async def test_taken(api: Api, case: Case) -> None:
    await create(api, document(case.kind, case.spec))


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize(
    "name", ["a" * 47, "mx.example.com", "1mx"], ids=["47 characters", "with dots", "beginning with a digit"]
)
async def test_names(api: Api, kind: str, name: str) -> None:
    with pytest.raises(RefusedError, match="must be a DNS label of at most 46 characters that starts with a letter"):
        await create(api, document(kind, GOOD[kind], name=name))


@pytest.mark.parametrize("kind", GOOD)
async def test_longest_name(api: Api, kind: str) -> None:
    await create(api, document(kind, GOOD[kind], name="a" * 46))


async def test_no_spec(api: Api) -> None:
    body = document("SmtpPool", {})
    del body["spec"]
    with pytest.raises(RefusedError, match="spec: Required value"):
        await create(api, body)


async def test_the_same_address_twice_in_a_pool(api: Api) -> None:
    entry = {"address": "198.51.100.1", "hostname": "a.example.com"}
    spec = changed(GOOD["SmtpPool"], "serverTemplate", TEMPLATE) | {"addresses": [entry, entry]}
    with pytest.raises(RefusedError, match=r"spec\.addresses\[1\]: Duplicate value"):
        await create(api, document("SmtpPool", spec))
