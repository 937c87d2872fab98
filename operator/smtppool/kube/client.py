"""The only connection to the API server: one typed method for each verb, each with a timeout, errors by `errors`.

Built on the dynamic client of `kubernetes.aio` with the kinds of `kinds`, so nothing is discovered at start.
"""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import load_incluster_config, load_kube_config
from kubernetes.aio.dynamic import DynamicClient, Resource

from smtppool.api.names import Key
from smtppool.kube.errors import AbsentError, typed
from smtppool.kube.kinds import KINDS, Body, Kind, key_of, kind_of

TIMEOUT = 15.0  # seconds for one request; the API server answers in milliseconds or is in trouble
CONNECTIONS = 32
MERGE = "application/merge-patch+json"


class Page(NamedTuple):
    """Objects, the resourceVersion of the whole list, and what asks for the rest of it, if there is more."""

    bodies: list[Body]
    version: str
    more: str = ""


class Api:
    """Verbs on kinds. Every method raises `ApiError`; bodies are plain JSON dicts."""

    def __init__(self, client: ApiClient, *, timeout: float = TIMEOUT) -> None:
        self.client = client
        self._dynamic = DynamicClient(client)
        self._timeout = timeout
        self._resources = {kind: _resource(kind, self._dynamic) for kind in KINDS}

    async def get(self, kind: Kind, key: Key) -> Body | None:
        """One object, or None when there is none."""
        try:
            return await self._request(f"get {kind.resource} {key.name}", "get", self.path(kind, key))
        except AbsentError:
            return None

    async def list(
        self, kind: Kind, *, namespace: str | None = None, label_selector: str | None = None, name: str | None = None
    ) -> tuple[list[Body], str]:
        """All objects (with `name`: that one) and the resourceVersion that a watch goes on from."""
        named = f"metadata.name={name}" if name else None
        page = await self.page(kind, namespace=namespace, label_selector=label_selector, field_selector=named)
        return page.bodies, page.version

    async def page(
        self, kind: Kind, *, namespace: str | None = None, size: int | None = None, after: str = "", **selectors: Any
    ) -> Page:
        """At most `size` objects `after` those of an earlier page (its `more`), as they were when that one was made."""
        answer = await self._request(
            f"list {kind.resource}",
            "get",
            self.path(kind, Key(namespace or "", "")),
            limit=size,
            query_params=[("continue", after)] if after else [],
            **selectors,
        )
        identity, metadata = {"apiVersion": kind.api_version, "kind": kind.name}, answer["metadata"]
        bodies = [identity | item for item in answer["items"]]
        return Page(bodies, metadata["resourceVersion"], metadata.get("continue", ""))

    async def create(self, body: Body, *, manager: str, dry_run: bool = False) -> Body:
        """Create; unknown fields are refused; StaleError (reason AlreadyExists) when there is one of this name."""
        kind, key = kind_of(body), key_of(body)
        where = self.path(kind, Key(key.namespace, ""))
        return await self._request(
            f"create {kind.resource} {key.name}",
            "post",
            where,
            body=body,
            field_manager=manager,
            dry_run="All" if dry_run else None,
            query_params=[("fieldValidation", "Strict")],
        )

    async def apply(
        self, body: Body, *, manager: str, subresource: str | None = None, force: bool = True, dry_run: bool = False
    ) -> Body:
        """Server-side apply. With `metadata.uid` in the body it touches that very object or raises StaleError."""
        kind, key = kind_of(body), key_of(body)
        resource = self._resources[kind]
        if subresource is not None:
            resource = resource.subresources[subresource]
        what = f"apply {kind.resource} {key.name}" + (f"/{subresource}" if subresource else "")
        with typed(what):
            response = await self._dynamic.server_side_apply(
                resource,
                body,
                namespace=key.namespace or None,
                force_conflicts=force,
                field_manager=manager,
                dry_run="All" if dry_run else None,
                serialize=False,
                _request_timeout=self._timeout,
            )
            return await _json(response)

    async def merge_patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, manager: str, subresource: str | None = None
    ) -> Body:
        """JSON merge patch; put uid and resourceVersion into its metadata to make it conditional."""
        path = self.path(kind, key) + (f"/{subresource}" if subresource else "")
        return await self._request(
            f"patch {kind.resource} {key.name}",
            "patch",
            path,
            body=dict(patch),
            content_type=MERGE,
            field_manager=manager,
        )

    async def delete(self, kind: Kind, key: Key, *, uid: str, grace_seconds: int | None = None) -> None:
        """Delete the object of this uid, in the background; fine if it is gone, StaleError if it is another one."""
        options: Body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        options["propagationPolicy"] = "Background"
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        try:
            await self._request(f"delete {kind.resource} {key.name}", "delete", self.path(kind, key), body=options)
        except AbsentError:
            return

    def path(self, kind: Kind, key: Key) -> str:
        """URL path of an object, or of the collection when the name is empty."""
        path: str = self._resources[kind].path(name=key.name or None, namespace=key.namespace or None)
        return path

    async def stream(self, path: str, *, seconds: int, **parameters: Any) -> AsyncIterator[bytes]:
        """Lines of a watch; ends when the server closes it, at the latest a little after `seconds`."""
        with typed(f"watch {path}"):
            response = await self._dynamic.request(
                "get",
                path,
                watch=True,
                timeout_seconds=seconds,
                serialize=False,
                _request_timeout=seconds + self._timeout,
                **parameters,
            )
            try:
                async for line in response.content:
                    yield line
            finally:
                response.close()

    async def _request(self, what: str, method: str, path: str, **parameters: Any) -> Body:
        with typed(what):
            response = await self._dynamic.request(
                method, path, serialize=False, _request_timeout=self._timeout, **parameters
            )
            return await _json(response)


@asynccontextmanager
async def connect(*, kubeconfig: Path | None = None, request_timeout: float = TIMEOUT) -> AsyncIterator[Api]:
    """The API server of this pod, else of `kubeconfig`, else of $KUBECONFIG."""
    configuration = Configuration()
    configuration.connection_pool_maxsize = CONNECTIONS
    # Else every request looks for a .netrc in a thread: neither its time nor its content is wanted.
    configuration.client_session_kwargs = {"trust_env": False}
    # Cluster authorities made before RFC 5280 was enforced lack extensions; chain and host name are still verified.
    configuration.disable_strict_ssl_verification = True
    if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        load_incluster_config(client_configuration=configuration)
    else:
        path = kubeconfig or os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config"
        await load_kube_config(config_file=str(path), client_configuration=configuration, persist_config=False)
    async with ApiClient(configuration) as client:
        yield Api(client, timeout=request_timeout)


def _resource(kind: Kind, client: DynamicClient) -> Resource:
    status = {"kind": kind.name, "name": f"{kind.plural}/status", "namespaced": kind.namespaced}
    return Resource(
        prefix="apis" if kind.group else "api",
        group=kind.group,
        api_version=kind.version,
        kind=kind.name,
        name=kind.plural,
        namespaced=kind.namespaced,
        client=client,
        subresources={"status": status},
    )


async def _json(response: Any) -> Body:
    body: Body = await response.json(content_type=None)
    return body
