"""What a report says of a queue beyond how many messages are in it. All of it may be missing: agents may be older."""

from typing import Annotated

from pydantic import Field

from smtppool.api.base import Label, Observed, Timestamp
from smtppool.api.outcomes import MAX_PROVIDERS, Count


class ProviderQueue(Observed):
    """Messages with a recipient at one mailbox provider."""

    provider: Label
    messages: Count
    oldest_arrival: Timestamp | None = None


class QueueDetails(Observed):
    """Of the messages that are listed: damaged ones are not."""

    oldest_arrival: Timestamp | None = None  # a time, not an age: it changes only when that message leaves
    providers: Annotated[tuple[ProviderQueue, ...], Field(max_length=MAX_PROVIDERS)] = ()  # sorted by provider
    bounces: Count = 0  # messages with an empty sender, those on hold not counted
    newest_bounce: Timestamp | None = None  # when the last of them arrived
