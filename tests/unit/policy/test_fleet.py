"""Servers from addresses: names, content, surplus."""

from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.names import FROM_ADDRESS, MAX_NAME, QUEUE_DECISION
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import SmtpServerSpec
from smtppool.policy.fleet import server_name, surplus, wanted_servers

SPEC = SmtpPoolSpec.model_validate(
    {
        "egressCheck": {"mode": "Off"},
        "serverTemplate": {
            "metadata": {"labels": {"batch": "nov"}, "annotations": {"example.com/a": "b", QUEUE_DECISION: "drop"}},
            "spec": {"weight": 40, "warmup": {"mode": "Warm"}, "relay": {"egress": {"provider": "node"}}},
        },
        "addresses": [
            {"address": "198.51.100.12", "hostname": "mx12.example.com", "weight": 0, "localAddress": "10.0.0.12"},
            {"address": "198.51.100.11", "hostname": "mx11.example.com"},
        ],
    }
)


def test_one_valid_server_per_address() -> None:
    first, second = wanted_servers("marketing", SPEC)
    assert (first.name, second.name) == ("marketing-198-51-100-11", "marketing-198-51-100-12")
    assert first.labels == {"batch": "nov", FROM_ADDRESS: "198.51.100.11"}
    specs = [SmtpServerSpec.model_validate(server.spec) for server in (first, second)]
    assert [spec.weight for spec in specs] == [40, 0]
    assert [spec.relay.egress.source for spec in specs if spec.relay] == ["198.51.100.11", "10.0.0.12"]
    assert all(spec.relay and spec.relay.egress.provider.value == "node" for spec in specs)


def test_a_template_decides_nothing_about_mail() -> None:
    assert {name for server in wanted_servers("marketing", SPEC) for name in server.annotations} == {"example.com/a"}


def test_a_removed_address_makes_its_server_surplus() -> None:
    wanted = wanted_servers("marketing", SPEC)
    assert surplus([server.name for server in wanted], wanted) == ()
    assert surplus(["marketing-198-51-100-13", wanted[0].name], wanted) == ("marketing-198-51-100-13",)


def test_no_addresses_no_servers() -> None:
    assert wanted_servers("marketing", SPEC.model_copy(update={"addresses": ()})) == ()


@given(st.from_regex(r"[a-z][-a-z0-9]{0,61}[a-z0-9]", fullmatch=True), st.ip_addresses(v=4).map(str))
def test_a_name_fits_its_children(pool: str, address: str) -> None:
    assert len(server_name(pool, address)) <= MAX_NAME
