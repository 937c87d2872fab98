"""One table of good and bad input for the models and for the API server: both must say the same.

Behind the value stand the words that the API server's message must contain: the allowed form. It must name the field.
"""

from smtppool.api.base import (
    DURATION_PATTERN,
    ENDPOINT_PATTERN,
    HOSTNAME_PATTERN,
    IPV4_PATTERN,
    LABEL_PATTERN,
    NETWORK_PATTERN,
    RATIO_PATTERN,
    SIZE_PATTERN,
)
from tests.unit.api import quantity_cases, spare_cases
from tests.unit.api.table import REMOVED, SIGNAL, SMARTHOST, Case
from tests.unit.api.table import pool as _pool


def _server(title: str, path: str, value: object, *says: str, at: str = "") -> Case:
    return Case(title=title, kind="SmtpServer", path=path, value=value, says=says, at=at)


def _plan(title: str, path: str, value: object, *says: str, at: str = "") -> Case:
    return Case(title=title, kind="IpWarmupPlan", path=path, value=value, says=says, at=at)


def _hostname(title: str, value: str) -> Case:
    return _server(f"host name with {title}", "relay.hostname", value, "should match", HOSTNAME_PATTERN)


def _address(title: str, value: str, *form: str) -> Case:
    return _server(f"address: {title}", "relay.egress.address", value, *(form or ("should match", IPV4_PATTERN)))


def _network(title: str, value: str, *form: str) -> Case:
    says = form or ("should match", NETWORK_PATTERN)
    path = "submission.allowedNetworks"
    return _pool(f"network: {title}", path, [value], *says, at=f"spec.{path}[0]")


def _signal(title: str, field: str, value: object, *says: str) -> Case:
    at = f"spec.externalSignals[0].{field}"
    return _server(f"signal {title}", "externalSignals", [SIGNAL | {field: value}], *says, at=at)


UNICAST = "must be a unicast IPv4 address, such as 198.51.100.11"
EXACTLY_ONE = "exactly one of relay and smarthost must be given"
ADDRESSES = [{"address": "198.51.100.1", "hostname": "a.example.com"}]
STAGES = [{"day": number, "total": number} for number in range(1, 62)]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
ON_NODE = {"key": "metadata.name", "operator": "In", "values": ["worker-1"]}
NEEDS_ENDPOINT = 'egressCheck needs an endpoint, or mode: "Off" to open lanes unverified'

BAD = (
    *spare_cases.BAD,
    *quantity_cases.BAD,
    _hostname("a newline", "mx1.example.com\nmyhostname=evil"),
    _hostname("a newline at the end", "mx1.example.com\n"),
    _hostname("a quote", 'mx1.example.com"'),
    _hostname("an apostrophe", "mx1.example.com'"),
    _hostname("#", "mx1.example.com#x"),
    _hostname("$", "mx1.$mydomain"),
    _hostname("a space", "mx1 .example.com"),
    _hostname("a trailing dot", "mx1.example.com."),
    _hostname("upper case", "MX1.example.com"),
    _hostname("one label", "localhost"),
    _hostname("an address", "198.51.100.11"),
    _hostname("an underscore", "mx_1.example.com"),
    _hostname("a label of 64 characters", f"{'a' * 64}.example.com"),
    _server("host name too long", "relay.hostname", "a." * 130 + "com", "may not be more than 253"),
    _server("host name empty", "relay.hostname", "", "should match"),
    _address("too big", "198.51.100.256"),
    _address("leading zero", "198.51.100.011"),
    _address("three parts", "198.51.100"),
    _address("with prefix", "10.0.0.0/8"),
    _server("address: IPv6", "relay.egress.address", "2001:db8::1", "should match"),
    _address("unspecified", "0.0.0.0", UNICAST),
    _address("loopback", "127.0.0.1", UNICAST),
    _address("link-local", "169.254.1.1", UNICAST),
    _address("multicast", "224.0.0.1", UNICAST),
    _address("broadcast", "255.255.255.255", UNICAST),
    _server("local address: loopback", "relay.egress.localAddress", "127.0.0.1", UNICAST),
    _server("egress provider", "relay.egress.provider", "aws", '"preprovisioned", "node"'),
    _server("weight 300", "weight", 300, "should be less than or equal to 256"),
    _server("weight -1", "weight", -1, "should be greater than or equal to 0"),
    _server("weight as text", "weight", "50", "must be of type integer"),
    _server("weight with a fraction", "weight", 1.5, "must be of type integer"),
    _server("no warmup", "warmup", REMOVED, "Required value"),
    _server("no warmup mode", "warmup", {}, "Required value", at="spec.warmup.mode"),
    _server("warmup mode", "warmup.mode", "Hot", '"Plan", "Warm"'),
    _server("no pool", "poolRef", REMOVED, "Required value"),
    _server("pool name", "poolRef.name", "Marketing", "should match", LABEL_PATTERN),
    _server("neither relay nor smarthost", "relay", REMOVED, EXACTLY_ONE, at="spec"),
    _server("both relay and smarthost", "smarthost", SMARTHOST, EXACTLY_ONE, at="spec"),
    _server("desired state", "desiredState", "Gone", '"Active", "Cordoned", "Drained"'),
    _signal("above 100", "value", 101, "should be less than or equal to 100"),
    _signal("from two lines", "source", "a\nb", "should match"),
    _signal("of no day", "seenAt", "2026-13-45T12:00:00Z", "date-time"),
    _signal("ended before it began", "ttl", "-5m", DURATION_PATTERN),
    _signal("for ever", "ttl", "9000h", "must be a duration from 1s to 8760h"),
    _server("relay as text", "relay", "mx1.example.com", "must be of type object"),
    _server("unknown field", "wieght", 3),
    _server("unknown nested field", "relay.egress.adress", "x"),
    _network("all of the internet", "0.0.0.0/0"),
    _network("half of it", "128.0.0.0/1"),
    _network("no prefix", "10.20.0.0"),
    _network("IPv6", "fd00::/16"),
    _network("with host bits", "10.20.0.1/16", "must be a network without host bits, such as 10.20.0.0/16"),
    _pool("networks as text", "submission.allowedNetworks", "10.0.0.0/8", "type array"),
    _pool("no egress check", "egressCheck", REMOVED, "Required value"),
    _pool("egress check without endpoint", "egressCheck", {}, NEEDS_ENDPOINT),
    _pool("egress check off by YAML 1.1", "egressCheck", {"mode": False}, "type string", at="spec.egressCheck.mode"),
    _pool("endpoint scheme", "egressCheck.endpoint", "https://x.example", ENDPOINT_PATTERN),
    _pool("endpoint port", "egressCheck.endpoint", "smtp://x.example:70000", ENDPOINT_PATTERN),
    _pool("endpoint with newline", "egressCheck.endpoint", "smtp://x\n", ENDPOINT_PATTERN),
    _pool("interval of days", "egressCheck.interval", "48h", "a duration from 1s to 24h"),
    _pool("interval without unit", "egressCheck.interval", "300", DURATION_PATTERN),
    _pool("lifetime in days", "queue.lifetime", "3d", "should match", DURATION_PATTERN),
    _pool("lifetime -1h", "queue.lifetime", "-1h", DURATION_PATTERN),
    _pool("interval -5m", "egressCheck.interval", "-5m", DURATION_PATTERN),
    _pool("lifetime of nothing", "queue.lifetime", "0s", "a duration from 1s to 8760h"),
    _pool("lifetime empty", "queue.lifetime", "", "should be at least 2 chars long"),
    _pool("lifetime of years", "queue.lifetime", "999999h", "a duration from 1s to 8760h"),
    _pool("lifetime as number", "queue.lifetime", 72, "must be of type string"),
    _pool("queue size", "queue.size", "10GB", "should match", SIZE_PATTERN),
    _pool("queue access", "queue.accessMode", "ReadOnlyMany", "ReadWriteOncePod"),
    _pool("message size", "submission.maxMessageSize", "2Gi", "must be at most 1Gi"),
    _pool("recipients", "submission.maxRecipients", 0, "greater than or equal to 1"),
    _pool("balance", "balance", "roundrobin", '"RoundRobin", "LeastConn", "Source", "Random"'),
    _pool("addresses without template", "addresses", ADDRESSES, "addresses need a serverTemplate", at="spec"),
    _pool("label key", "pod.labels", {"a b": "c"}, "keys must match"),
    _pool("label value", "pod.labels", {"a": "b c"}, "should match", at="spec.pod.labels.a"),
    _pool("affinity of another type", "pod.affinity", {"nodeAffinity": "here"}, at="spec.pod.affinity.nodeAffinity"),
    _pool("affinity of any depth", "pod.affinity", {"a": {"a": {}}}, "unknown field", at="spec.pod.affinity.a"),
    _pool("toleration", "pod.tolerations", [{"keys": "a"}], "unknown field", at="spec.pod.tolerations[0].keys"),
    _pool("too many labels", "pod.labels", {f"l{n}": "x" for n in range(33)}, "at most 32"),
    _pool("too many networks", "submission.allowedNetworks", [f"10.{n}.0.0/16" for n in range(65)], "at most 64"),
    _pool("provider name", "providers", [{"name": "Google"}], LABEL_PATTERN, at="spec.providers[0].name"),
    _pool("service type", "entry.service.type", "ExternalName", '"ClusterIP"'),
    _pool("unknown field", "submission.allowedNetwork", []),
    _plan("neither preset nor stages", "schedule", {}, "exactly one of schedule.preset and"),
    _plan("both preset and stages", "schedule.stages", [{"day": 1, "total": 5}], "exactly one of", at="spec.schedule"),
    _plan("preset without target", "schedule", {"preset": "ses"}, "schedule.preset needs a target", at="spec.schedule"),
    _plan("preset name", "schedule.preset", "gmail", '"sparkpost", "ses", "sendgrid"'),
    _plan("no stages", "schedule", {"stages": []}, "should have at least 1 items"),
    _plan(
        "stage of day 0",
        "schedule",
        {"stages": [{"day": 0, "total": 5}]},
        "equal to 1",
        at="spec.schedule.stages[0].day",
    ),
    _plan("61 stages", "schedule", {"stages": STAGES}, "at most 60", at="spec.schedule.stages"),
    _plan("mix above 100 percent", "mix", {"google": "60%", "yahoo": "41%"}, "must not sum to more than 100%"),
    _plan("mix name", "mix", {"Google Mail": "60%"}, "keys must match"),
    _plan("mix share", "mix", {"google": "most"}, RATIO_PATTERN, at="spec.mix.google"),
    _plan("selector without labels", "serverSelector.matchLabels", {}, "at least 1"),
)

FINE = (
    *spare_cases.FINE,
    *quantity_cases.FINE,
    _server("as it is", "weight", 0),
    _server("weight 256", "weight", 256),
    _server("host name of digits", "relay.hostname", "1.2.3.mx-4.example.co"),
    _server("private address", "relay.egress.address", "10.1.2.3"),
    _server("local address", "relay.egress.localAddress", "10.1.2.3"),
    _server("drained", "desiredState", "Drained"),
    _server("signal", "externalSignals", [SIGNAL, SIGNAL | {"source": "snds", "provider": "microsoft"}]),
    _pool("egress check off", "egressCheck", {"mode": "Off"}),
    _pool("echo by HTTP", "egressCheck.endpoint", "http://10.0.0.1:8080/ip"),
    _pool("smallest network", "submission.allowedNetworks", ["10.0.0.1/32"]),
    _pool("biggest network", "submission.allowedNetworks", ["10.0.0.0/8"]),
    _pool("mixed duration", "queue.lifetime", "1h30m10s"),
    _pool("tolerations", "pod.tolerations", [{"operator": "Exists"}]),
    _pool(
        "affinity", "pod.affinity", {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [ON_NODE]}]}}}
    ),
    _pool("prefixed label", "pod.labels", {"example.com/team": "mail"}),
    _plan("stages", "schedule", {"stages": [{"day": 1, "total": 200}, {"day": 2, "total": 400}]}),
    _plan("mix of 100 percent", "mix", {"google": "33.3%", "yahoo": "33.3%", "microsoft": "33.4%"}),
)
