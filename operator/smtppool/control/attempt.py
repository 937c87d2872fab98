"""One write of a child, and what stood in its way in the words of a condition."""

from typing import Final, NamedTuple

from smtppool.kube.apply import Conflict, Outcome, Terminating, Writer
from smtppool.kube.errors import NamespaceTerminatingError, RefusedError
from smtppool.kube.kinds import Body

_MANY_WORDS: Final = 300


class Problem(NamedTuple):
    """Why something is not as it was rendered."""

    reason: str
    message: str


class Attempt(NamedTuple):
    """`outcome` is None when the API server refused."""

    outcome: Outcome | None
    problem: Problem | None


NAMESPACE_ENDS: Final = Problem("NamespaceTerminating", "the namespace is being deleted")


async def attempt(writer: Writer, manifest: Body, *, owner: str) -> Attempt:
    """Apply it. Errors that pass by themselves are raised: the whole pass is tried again."""
    try:
        outcome = await writer.apply(manifest, owner=owner)
    except NamespaceTerminatingError:
        return Attempt(None, NAMESPACE_ENDS)
    except RefusedError as error:
        return Attempt(None, Problem("Refused", str(error)[:_MANY_WORDS]))
    match outcome:
        case Conflict():
            return Attempt(outcome, Problem("Conflict", outcome.message))
        case Terminating():
            name = f"{manifest['kind']} {manifest['metadata']['name']}"
            message = f"{name} is being deleted; it is made again when it is gone"
            return Attempt(outcome, Problem("ChildTerminating", message))
    return Attempt(outcome, None)
