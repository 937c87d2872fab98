"""Names that more than one part must agree on: objects, labels, ports, paths, identities.

A name that two programs use stands here and nowhere else.
"""

from typing import NamedTuple

from smtppool.api.group import GROUP


class Key(NamedTuple):
    """Identity of a namespaced object; the only composite key in the code."""

    namespace: str
    name: str


# Names of the three kinds. Children append suffixes, and Kubernetes makes the names of pods and of their revisions,
# `<server>-relay-<hash>`, into label values (63 characters). A Service's name starts with a letter.
MAX_NAME = 46
OBJECT_NAME_PATTERN = rf"^[a-z]([-a-z0-9]{{0,{MAX_NAME - 2}}}[a-z0-9])?$"

# Labels on children. Selectors use POOL, SERVER and ENTRY; watches use PART_OF.
PART_OF = "app.kubernetes.io/part-of"
PART_OF_VALUE = "smtppool"
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGED_BY_VALUE = "smtp-pool-operator"
COMPONENT = "app.kubernetes.io/component"
POOL = f"{GROUP}/pool"
SERVER = f"{GROUP}/server"
ENTRY = f"{GROUP}/entry"  # "true" on the pods that the pool's Service selects
EGRESS = f"{GROUP}/egress"  # egress provider of a relay pod
FROM_ADDRESS = f"{GROUP}/from-address"  # on SmtpServers made from SmtpPool.spec.addresses

# Annotations.
OWNER_UID = f"{GROUP}/owner-uid"  # uid of the SmtpServer or SmtpPool that a child belongs to
PAUSED = f"{GROUP}/paused"  # "true": no writes for this object
CONFIG_HASH = f"{GROUP}/config-hash"  # on the pod template: a changed config rolls the relay
BLOCKED = f"{GROUP}/blocked"  # on a queue PVC that is held: why
QUEUE_DECISION = f"{GROUP}/queue-decision"  # on a deleted SmtpServer: "drop" or "save", the user's word

FINALIZER = f"{GROUP}/queue"  # on SmtpServer, StatefulSet and PVC until the queue is empty
POOL_FINALIZER = f"{GROUP}/pool"

FIELD_MANAGER = "smtp-pool-operator"
STATUS_MANAGER = "smtp-pool-operator/status"
AGENT_MANAGER = "smtp-pool-agent"
NODE_MANAGER = "smtp-pool-node"

# Ports of a relay pod; all above 1024. ENTRY..HANDOVER_IN listen on the pod address, the rest on 127.0.0.1.
ENTRY_PORT = 2525  # HAProxy: what the pool's Service points at
RELAY_PORT = 10024  # HAProxy: from entry pods only, PROXY v2
SMTPD_PORT = 10025  # Postfix, PROXY v2 from the own HAProxy
HANDOVER_IN_PORT = 10026  # HAProxy: from member pods only, PROXY v2
HANDOVER_OUT_PORT = 10027  # HAProxy: own Postfix -> a peer's HANDOVER_IN_PORT
HANDOVER_SMTPD_PORT = 10028  # Postfix: mail from peers, never handed over again
AGENT_PORT = 9154  # agent: /metrics /livez /readyz /startupz
SERVICE_PORT = 25

# Paths in a relay pod.
CONFIG_DIR = "/etc/smtppool"  # the server's ConfigMap, read-only, all containers
CREDENTIALS_DIR = "/etc/smtppool-credentials"  # smarthost servers: the Secret with username and password, Postfix only
POSTFIX_DIR = "/etc/postfix"  # emptyDir, filled by the Postfix entrypoint; read-only in the agent
RUN_DIR = "/run/smtppool"  # emptyDir in memory, all containers: sockets, live tables, requests
VOLUME_DIR = "/var/spool/smtppool"  # the PVC
QUEUE_DIR = f"{VOLUME_DIR}/postfix"
DATA_DIR = f"{VOLUME_DIR}/lib"
LOG_DIR = f"{VOLUME_DIR}/log"
STATE_DIR = f"{VOLUME_DIR}/state"  # owned by the agent: copies of routing and grant, log position, learned domains
LEARNED_DOMAINS = f"{STATE_DIR}/domains.json"
MAILLOG = f"{LOG_DIR}/maillog"

POLICY_SOCKET = f"{RUN_DIR}/policy.sock"
SOCKETMAP_SOCKET = f"{RUN_DIR}/socketmap.sock"
BUSY_SOCKET = f"{RUN_DIR}/busy.sock"
GATE_CONTROL_SOCKET = f"{RUN_DIR}/gate.sock"
GATE_TABLE = f"{RUN_DIR}/gate.json"  # GateTable, written by the agent by rename, read by the gate
GATE_ACTED = f"{RUN_DIR}/acted.json"  # Acted, the agent's own: for which of the gate's answers Postfix was asked to act
HAPROXY_CONFIG = f"{CONFIG_DIR}/haproxy.cfg"
HAPROXY_STATE = f"{CONFIG_DIR}/haproxy.state"  # in which state its servers start
HAPROXY_WARM_CONFIG = f"{RUN_DIR}/haproxy.cfg"  # with the members in it; written by the agent, for HAProxy's next start
HAPROXY_SOCKET = f"{RUN_DIR}/haproxy.sock"
RELOAD_REQUEST = f"{RUN_DIR}/reload"  # the agent touches it, the Postfix entrypoint reloads
CORRUPT_COUNT = f"{RUN_DIR}/corrupt"  # damaged queue files, counted by the Postfix entrypoint: the agent may not
SASL_PASSWORDS = f"{RUN_DIR}/sasl_passwd"  # written by the Postfix entrypoint from CREDENTIALS_DIR, root only
STOPPING_FLAG = f"{RUN_DIR}/stopping"  # made by the preStop hook: readiness off, no new sessions

AGENT_UID = 10001  # gate, agent and HAProxy
POSTDROP_GID = 10003  # in the relay image; the agent's group, so that it may talk to the queue
DEFAULT_LANE = "lane-default"
HANDOVER_LANE = "handover"

ROUTING_KEY = "routing.json"
HEALTH_KEY = "health.json"
GRANT_KEY = "grant.json"
REPORT_KEY = "report.json"
EGRESS_KEY = "egress.json"


def routing_name(pool: str) -> str:
    """ConfigMap with the pool's Routing."""
    return f"{pool}-routing"


def health_name(pool: str) -> str:
    """ConfigMap with what the health decision of a pool remembers."""
    return f"{pool}-health"


def grant_name(server: str) -> str:
    """ConfigMap with the server's Grant."""
    return f"{server}-grant"


def report_name(server: str) -> str:
    """ConfigMap with the server's Report."""
    return f"{server}-report"


def config_name(server: str) -> str:
    """ConfigMap with the rendered configuration of a relay pod."""
    return f"{server}-config"


def relay_name(server: str) -> str:
    """StatefulSet, headless Service, ServiceAccount, Role, RoleBinding and NetworkPolicy of a server."""
    return f"{server}-relay"


def pod_name(server: str) -> str:
    """The one pod of a server."""
    return f"{relay_name(server)}-0"


def queue_name(server: str) -> str:
    """PVC with the queue."""
    return f"{server}-queue"


def node_egress_name(node: str) -> str:
    """ConfigMap in the operator's namespace: what a node must translate."""
    return f"{node}-egress"


def node_egress_report_name(node: str) -> str:
    """ConfigMap in the operator's namespace: what a node holds and has applied."""
    return f"{node}-egress-report"
