"""What Postfix gets for a server: the safety settings always, the rest from the specs, and no field that escapes."""

import re
from typing import Any

import pytest

from smtppool.api.names import Key
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import SmtpServerSpec
from smtppool.render.postfix import PostfixRenderError, hostname, main_cf, master_cf
from smtppool.render.postfix_main import BOUNCE_LANE
from smtppool.render.postfix_syntax import parse_main, parse_master

KEY = Key("mail", "mx11")
POOL: dict[str, Any] = {"egressCheck": {"mode": "Off"}}
COMMON: dict[str, Any] = {"poolRef": {"name": "marketing"}, "warmup": {"mode": "Warm"}}
EGRESS: dict[str, Any] = {"address": "198.51.100.11"}
SMARTHOST: dict[str, Any] = {"host": "smtp.example.net", "port": 587, "credentialsSecretRef": {"name": "ses"}}


def relay(**egress: str) -> SmtpServerSpec:
    return SmtpServerSpec.model_validate(
        COMMON | {"relay": {"hostname": "mx11.example.com", "egress": EGRESS | egress}}
    )


def smarthost(**changes: Any) -> SmtpServerSpec:
    return SmtpServerSpec.model_validate(COMMON | {"smarthost": SMARTHOST | changes})


def rendered(server: SmtpServerSpec, **pool: Any) -> dict[str, str]:
    return parse_main(main_cf(key=KEY, pool=SmtpPoolSpec.model_validate(POOL | pool), server=server))


@pytest.mark.parametrize("server", [relay(), relay(provider="hostNetwork"), smarthost()])
def test_safety_does_not_depend_on_the_server(server: SmtpServerSpec) -> None:
    main = rendered(server)
    assert main["smtpd_relay_restrictions"] == "$gate, reject"
    for empty in (
        "mynetworks",
        "mydestination",
        "relay_domains",
        "notify_classes",
        "smtpd_forbid_bare_newline_exclusions",
    ):
        assert main[empty] == "", empty
    assert main["smtp_bind_address_enforce"] == "yes"
    assert main["smtpd_forbid_bare_newline"] == "normalize"
    assert main["smtpd_forbid_unauth_pipelining"] == "yes"
    assert main["inet_protocols"] == "ipv4"


def test_a_gate_that_is_away_means_451_at_every_stage() -> None:
    main = rendered(relay())
    assert re.search(r"\{ default_action = 451 [^{}]+ \}", main["gate"])
    for stage in ("sender", "relay", "data", "end_of_data"):
        assert main[f"smtpd_{stage}_restrictions"].startswith("$gate"), stage


def test_values_of_the_pool() -> None:
    main = rendered(relay(), submission={"maxMessageSize": "10Mi", "maxRecipients": 50}, queue={"lifetime": "1h30m"})
    assert main["submission_size_limit"] == str(10 * 2**20)
    assert main["smtpd_recipient_limit"] == main["handover_destination_recipient_limit"] == "50"
    assert main["maximal_queue_lifetime"] == main["bounce_queue_lifetime"] == "5400s"


def test_a_peer_takes_what_grew_on_the_way() -> None:
    """Each relay adds a Received header: a message of the largest size must not bounce when it is handed over."""
    main = rendered(relay(), submission={"maxMessageSize": "10Mi"})
    intakes = {one.name: dict(one.options) for one in parse_master(master_cf()) if one.kind == "inet"}
    assert intakes["127.0.0.1:10025"]["message_size_limit"] == "$submission_size_limit"
    assert "message_size_limit" not in intakes["127.0.0.1:10028"]
    room = int(main["message_size_limit"]) - int(main["submission_size_limit"])
    assert room >= int(main["hopcount_limit"]) * 1024


def test_lifetime_stays_below_what_postfix_takes() -> None:
    assert rendered(relay(), queue={"lifetime": "8760h"})["maximal_queue_lifetime"] == f"{100 * 86400}s"


@pytest.mark.parametrize(
    ("server", "address"),
    [
        (relay(), None),
        (relay(provider="node", localAddress="10.0.0.11"), None),
        (relay(provider="hostNetwork"), "198.51.100.11"),
        (relay(provider="hostNetwork", localAddress="10.0.0.11"), "10.0.0.11"),
        (smarthost(), None),
    ],
)
def test_an_address_is_bound_where_the_pod_holds_it(server: SmtpServerSpec, address: str | None) -> None:
    assert rendered(server).get("smtp_bind_address") == address


def test_relay_delivers_itself() -> None:
    main = rendered(relay())
    assert (main["relayhost"], main["smtp_tls_security_level"]) == ("", "may")
    assert "smtp_sasl_auth_enable" not in main


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"relayhost": "[smtp.example.net]:587", "smtp_sasl_auth_enable": "yes"}),
        ({"port": 465, "tls": "Implicit"}, {"relayhost": "[smtp.example.net]:465", "smtp_tls_wrappermode": "yes"}),
        ({"credentialsSecretRef": None}, {"relayhost": "[smtp.example.net]:587"}),
    ],
)
def test_smarthost(changes: dict[str, Any], expected: dict[str, str]) -> None:
    main = rendered(smarthost(**changes))
    assert main | expected == main
    has_credentials = changes.get("credentialsSecretRef", "given") is not None
    assert main["smtp_tls_security_level"] == ("secure" if has_credentials else "encrypt")
    assert ("smtp_tls_wrappermode" in main) is ("smtp_tls_wrappermode" in expected)
    assert ("smtp_sasl_password_maps" in main) is has_credentials


def test_hostname() -> None:
    assert hostname(key=KEY, server=relay()) == "mx11.example.com"
    assert hostname(key=KEY, server=smarthost()) == "mx11.mail.smtppool.internal"


@pytest.mark.parametrize(
    "bad", ["mx\nrelayhost = [192.0.2.1]", 'mx".example.com', "mx.example.com#", "$mx.example.com"]
)
def test_a_spec_that_got_round_validation_is_refused(bad: str) -> None:
    good = relay()
    assert good.relay is not None
    forged = good.model_copy(update={"relay": good.relay.model_copy(update={"hostname": bad})})
    with pytest.raises(PostfixRenderError):
        rendered(forged)
    sender = smarthost()
    assert sender.smarthost is not None
    forged = sender.model_copy(update={"smarthost": sender.smarthost.model_copy(update={"host": bad})})
    with pytest.raises(PostfixRenderError):
        rendered(forged)


def test_mail_leaves_by_lanes_only() -> None:
    services = {service.name: service for service in parse_master(master_cf())}
    assert {name for name, service in services.items() if service.command == "smtp"} == {
        "lane-default",
        BOUNCE_LANE,
        "handover",
    }
    assert not {"smtp", "relay", "local", "virtual", "pipe"} & {service.command for service in services.values()} - {
        "smtp"
    }
    main = rendered(relay())
    assert main["default_transport"] in services
    assert {main[f"{kind}_transport"].partition(":")[0] for kind in ("local", "relay", "virtual")} == {"error"}
    assert f"<> = {BOUNCE_LANE}:" in main["sender_dependent_default_transport_maps"]


def test_all_intakes_listen_on_loopback() -> None:
    intakes = [service for service in parse_master(master_cf()) if service.kind == "inet"]
    assert {service.name for service in intakes} == {"127.0.0.1:10025", "127.0.0.1:10028"}
    assert {dict(service.options).get("gate_context", rendered(relay())["gate_context"]) for service in intakes} == {
        "submission",
        "handover",
    }
