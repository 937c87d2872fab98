"""Who keeps an address, what a refusal says, what it never says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.names import Key
from smtppool.api.smtpserver import SmtpServerSpec
from smtppool.policy.acceptance import (
    ACCEPTED,
    Claim,
    accept_server,
    accept_spec,
    claimed_addresses,
    holders,
    parse_spec,
)

KEY = Key("mail", "mx1")
SPEC = {
    "poolRef": {"name": "marketing"},
    "relay": {"hostname": "mx1.example.com", "egress": {"address": "198.51.100.11"}},
    "warmup": {"mode": "Warm"},
}


@pytest.mark.parametrize(
    ("claims", "holder"),
    [
        (
            [Claim("2025-01-01T00:00:02Z", Key("a", "x"), "A"), Claim("2025-01-01T00:00:01Z", Key("b", "y"), "A")],
            Key("b", "y"),
        ),
        (
            [Claim("2025-01-01T00:00:01Z", Key("b", "y"), "A"), Claim("2025-01-01T00:00:01Z", Key("a", "x"), "A")],
            Key("a", "x"),
        ),
        (
            [Claim("2025-01-01T00:00:01Z", Key("a", "y"), "A"), Claim("2025-01-01T00:00:01Z", Key("a", "x"), "A")],
            Key("a", "x"),
        ),
    ],
    ids=["older", "same age: namespace", "same age: name"],
)
def test_the_older_object_keeps_the_address(claims: list[Claim], holder: Key) -> None:
    assert holders(claims) == {"A": holder}


CLAIMS = st.lists(
    st.builds(
        Claim,
        st.sampled_from(["2025-01-01T00:00:01Z", "2025-01-01T00:00:02Z"]),
        st.builds(Key, st.sampled_from("ab"), st.sampled_from("xyz")),
        st.sampled_from(["198.51.100.1", "198.51.100.2"]),
    )
)


@given(CLAIMS, st.randoms())
def test_one_holder_per_address_in_any_order(claims: list[Claim], random: st.randoms) -> None:  # type: ignore[valid-type]
    shuffled = list(claims)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert holders(shuffled) == holders(claims)
    assert set(holders(claims)) == {claim.address for claim in claims}


@given(CLAIMS)
def test_a_younger_claim_never_takes_an_address(claims: list[Claim]) -> None:
    late = Claim("2025-06-01T00:00:00Z", Key("0", "0"), "198.51.100.1")
    before = holders(claims).get(late.address)
    assert holders([*claims, late])[late.address] == (before or late.owner)


@pytest.mark.parametrize(
    ("name", "errors", "pool_exists", "rivals", "reason"),
    [
        ("mx1", (), True, {}, "Accepted"),
        ("mx1", (), False, {}, "PoolNotFound"),
        ("mx1", (), True, {"198.51.100.11": Key("old", "mx9")}, "Conflict"),
        ("mx1", ("spec.weight",), True, {}, "InvalidSpec"),
        ("m" * 47, (), True, {}, "InvalidName"),
        ("surplus", (), True, {}, "PoolFull"),
    ],
)
def test_server(name: str, errors: tuple[str, ...], pool_exists: bool, rivals: dict[str, Key], reason: str) -> None:
    verdict = accept_server(
        key=Key("mail", name),
        errors=errors,
        pool="marketing",
        pool_exists=pool_exists,
        rivals=rivals,
        surplus=name == "surplus",
    )
    assert verdict.reason == reason
    assert (verdict.status == "True") == (reason == "Accepted")


def test_a_conflict_names_the_holder_and_the_way_out() -> None:
    verdict = accept_server(
        key=KEY, errors=(), pool="p", pool_exists=True, surplus=False, rivals={"198.51.100.11": Key("old", "mx9")}
    )
    assert "old/mx9" in verdict.message
    assert "198.51.100.11" in verdict.message
    assert "delete" in verdict.message


def test_a_refused_spec_publishes_paths_and_no_values() -> None:
    bad = {**SPEC, "weight": 300, "relay": {"hostname": "sec ret\n", "egress": {"address": "1.2.3"}}, "surprise": 1}
    spec, errors = parse_spec(SmtpServerSpec, bad)
    assert spec is None
    assert errors == ("spec.relay.egress.address", "spec.relay.hostname", "spec.surprise", "spec.weight")
    assert "sec ret" not in accept_spec(errors, kind="smtpserver").message


@pytest.mark.parametrize("raw", [None, 7, [], "text", {}, {"relay": 3}, {"relay": {"egress": []}}])
def test_any_text_is_refused_without_an_exception(raw: object) -> None:
    spec, errors = parse_spec(SmtpServerSpec, raw)
    assert spec is None
    assert errors
    if isinstance(raw, dict):
        assert claimed_addresses(raw) == frozenset()


def test_a_good_spec_is_typed_and_accepted() -> None:
    spec, errors = parse_spec(SmtpServerSpec, SPEC)
    assert spec is not None
    assert accept_spec(errors, kind="smtpserver") == ACCEPTED


def test_an_unreadable_spec_still_holds_its_addresses() -> None:
    raw = {"relay": {"egress": {"address": "198.51.100.1", "localAddress": "10.0.0.1", "provider": 9}}}
    assert claimed_addresses(raw) == {"198.51.100.1", "10.0.0.1"}
