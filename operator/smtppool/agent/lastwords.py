"""The last count of a pod's queue, after Postfix has ended: `python3 -m smtppool.agent.lastwords`.

Run as root by the Postfix entrypoint, so that no mail can come in any more. Left as the container's termination
message, it tells the operator that a namespace, and the pod with it, may go: the agent can no longer report then.
"""

import asyncio
import os
import sys
from pathlib import Path

from smtppool.agent import postfix
from smtppool.agent.listing import Listing
from smtppool.agent.settings import MissingSettingError, Paths, Settings, load
from smtppool.api.documents import Intake, Lanes, QueueDepth, Report

TERMINATION_LOG = Path("/dev/termination-log")


def report(settings: Settings, depth: QueueDepth) -> Report:
    """Nothing is open any more, and this is what is left. A kubelet takes 4 KiB: too little for all providers."""
    return Report(
        server=settings.server,
        pod_uid=settings.pod_uid,
        pod_address=settings.pod_ip,
        queue=depth.model_copy(update={"providers": ()}),
        sessions=0,
        lanes=Lanes.CLOSED,
        intake=Intake.CLOSED,
    )


async def main() -> int:
    """1 without a count: then nobody takes the queue for empty."""
    paths = Paths()
    try:
        settings = load(os.environ, paths=paths)
        words = report(settings, (await postfix.look(paths, Listing())).depth)
    except (MissingSettingError, postfix.PostqueueError, OSError) as error:
        print(f"no last count of the queue: {error}", file=sys.stderr)  # noqa: T201 - the container's log
        return 1
    TERMINATION_LOG.write_text(words.model_dump_json(by_alias=True, exclude_none=True))  # noqa: ASYNC240 - at the end
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
