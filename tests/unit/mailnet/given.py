"""What the tests of mailnet start from: a clock that they move, and rules put in force."""

from e2e.mailnet.script import parse
from e2e.mailnet.sink import Sink


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def script(sink: Sink, *rules: dict[str, object]) -> None:
    """Put rules in force as a test of the real parser too."""
    sink.set(parse({"behaviour": list(rules)}))
