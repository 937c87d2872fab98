"""The four containers of a relay pod. Three are native sidecars: started in this order before Postfix, stopped in the
opposite order after it.

Only Postfix is root, with the five capabilities that it was seen to need; nothing can gain privileges, and no root file
system can be written to.
"""

from smtppool.api import names
from smtppool.api.pod import Resources
from smtppool.api.scheduling import ContainerResources
from smtppool.render import volumes
from smtppool.render.identity import Image, Manifest, ServerObject

CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
PRESTOP_SECONDS = 60  # for open sessions to finish
# Enough to start and to relay. The processor's shares follow what each uses under mail: with less than its part the
# agent of a busy node follows the routing late. What limits throughput is Postfix's memory: spec.pod.resources.
DEFAULT_RESOURCES: dict[str, Manifest] = {
    "postfix": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}},
    "haproxy": {"requests": {"cpu": "50m", "memory": "48Mi"}, "limits": {"memory": "256Mi"}},
    "gate": {"requests": {"cpu": "20m", "memory": "48Mi"}, "limits": {"memory": "128Mi"}},
    "agent": {"requests": {"cpu": "50m", "memory": "80Mi"}, "limits": {"memory": "256Mi"}},
}


def sidecars(image: Image, resources: Resources) -> list[Manifest]:
    """gate, haproxy, agent: each starts when the one before it answers."""
    return [_gate(image, resources), _haproxy(image, resources), _agent(image, resources)]


def postfix(server: ServerObject, image: Image, resources: Resources) -> Manifest:
    """The main container. The pod is ready only once Postfix has started. From then on it has no probes: the
    entrypoint ends when Postfix ends, HAProxy and the agent look at its ports and its queue, and to kill a Postfix that
    is merely busy would make it busier.
    """
    mounts = [volumes.CONFIG, volumes.POSTFIX, volumes.QUEUE, volumes.RUN, volumes.TMP]
    if volumes.has_credentials(server):
        mounts.append(volumes.CREDENTIALS)
    prestop = ["python3", "-m", "smtppool.agent.prestop", str(PRESTOP_SECONDS)]
    return _container("postfix", ["/opt/smtppool/bin/postfix-entrypoint"], image, resources, mounts) | {
        "lifecycle": {"preStop": {"exec": {"command": prestop}}},
        "startupProbe": {
            "exec": {"command": ["postfix", "status"]},
            "timeoutSeconds": 5,
            "periodSeconds": 1,
            "failureThreshold": 300,
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": list(CAPABILITIES)},
            "readOnlyRootFilesystem": True,
            "runAsUser": 0,
            "runAsGroup": 0,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _gate(image: Image, resources: Resources) -> Manifest:
    """No liveness probe: a worker that hangs is ended by an alarm of its own, and its supervisor starts the next."""
    probe = {"exec": {"command": ["python3", "-m", "smtppool.gate.probe"]}, "timeoutSeconds": 5}
    mounts = [volumes.CONFIG, volumes.RUN, volumes.TMP]
    return _sidecar("gate", ["python3", "-m", "smtppool.gate"], image, resources, mounts) | {
        "startupProbe": probe | {"periodSeconds": 1, "failureThreshold": 60},
    }


def _haproxy(image: Image, resources: Resources) -> Manifest:
    """No liveness probe: HAProxy ends itself when a thread hangs, and its frontends are shut on purpose in a drain."""
    mounts = [volumes.CONFIG, volumes.RUN, volumes.TMP]
    probe = {"exec": {"command": ["test", "-S", names.HAPROXY_SOCKET]}, "timeoutSeconds": 5}
    return _sidecar("haproxy", ["/opt/smtppool/bin/haproxy-entrypoint"], image, resources, mounts) | {
        "startupProbe": probe | {"periodSeconds": 1, "failureThreshold": 60},
        "ports": [
            {"name": "smtp", "containerPort": names.ENTRY_PORT, "protocol": "TCP"},
            {"name": "relay", "containerPort": names.RELAY_PORT, "protocol": "TCP"},
            {"name": "handover", "containerPort": names.HANDOVER_IN_PORT, "protocol": "TCP"},
        ],
    }


def _agent(image: Image, resources: Resources) -> Manifest:
    """The readiness of the pod is the agent's word for all four containers.

    A pod whose node or network is silent leaves the Service after 3 s and what endpoints and kube-proxy take; its share
    of new clients waits until then.
    """
    postfix_read_only = volumes.POSTFIX | {"readOnly": True}
    mounts = [volumes.CONFIG, postfix_read_only, volumes.QUEUE, volumes.RUN, volumes.TMP, volumes.TOKEN]
    agent = _sidecar("agent", ["python3", "-m", "smtppool.agent"], image, resources, mounts)
    agent["securityContext"] |= {"runAsGroup": names.POSTDROP_GID}
    return agent | {
        "ports": [{"name": "metrics", "containerPort": names.AGENT_PORT, "protocol": "TCP"}],
        "startupProbe": _http("/startupz") | {"periodSeconds": 1, "failureThreshold": 120},
        "readinessProbe": _http("/readyz") | {"timeoutSeconds": 1, "periodSeconds": 1, "failureThreshold": 2},
        "livenessProbe": _http("/livez") | {"periodSeconds": 10, "failureThreshold": 6},
    }


def _sidecar(name: str, command: list[str], image: Image, resources: Resources, mounts: list[Manifest]) -> Manifest:
    return _container(name, command, image, resources, mounts) | {
        "restartPolicy": "Always",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": names.AGENT_UID,
            "runAsGroup": names.AGENT_UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _container(name: str, command: list[str], image: Image, resources: Resources, mounts: list[Manifest]) -> Manifest:
    return {
        "name": name,
        "image": image.reference,
        "imagePullPolicy": image.pull_policy,
        "command": command,
        "env": [_env(variable, path) for variable, path in _DOWNWARD.items()],
        "resources": _resources(name, resources),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }


def _resources(container: str, stated: Resources) -> Manifest:
    """As stated for this container, as a whole; else ours."""
    own: ContainerResources | None = getattr(stated, container)
    return (own.dump() if own else {}) or DEFAULT_RESOURCES[container]


_DOWNWARD = {
    "NODE_NAME": "spec.nodeName",
    "POD_IP": "status.podIP",
    "POD_NAME": "metadata.name",
    "POD_NAMESPACE": "metadata.namespace",
    "POD_UID": "metadata.uid",
}


def _env(name: str, path: str) -> Manifest:
    return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}


def _http(path: str) -> Manifest:
    return {"httpGet": {"path": path, "port": names.AGENT_PORT, "scheme": "HTTP"}, "timeoutSeconds": 5}
