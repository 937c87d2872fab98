"""The same thing done again and again, the operator killed after one more of its writes each time; the end is the same.

The first round is not disturbed: it says which writes there are and what the end looks like.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from tests.contract.operator.between import Between, Due, never
from tests.contract.operator.picture import Picture
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.waiting import equals, until

SETTLED = 0.3  # seconds without a write; what follows from a write follows sooner
SHOWN = 1.5  # where the writes are counted: some statuses are told a second late
TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What the operator is made to do, in a round of that number; `reached`: it says what it has to.

    `about`: what the names of its objects begin with, if these are others in each round; other writes do not count.
    """

    what: str
    about: Callable[[int], str] = lambda _: ""
    prepare: Callable[[int], Awaitable[None]]
    begin: Callable[[int], Awaitable[None]]
    reached: Callable[[int], Awaitable[bool]]
    picture: Callable[[int], Awaitable[Picture]]


@dataclass
class Rounds:
    """`await Rounds(deed, between, operator).all()`: how many writes the deed has."""

    deed: Deed
    between: Between
    operator: OperatorProcess
    killed_after: list[str] = field(default_factory=list)
    _number: int = 0

    async def all(self) -> int:
        """After the first write, the second, and so on, until a round has no further one."""
        assert not await self._round(never)
        writes, wanted = self._of_the_deed(self.between.writes), await self.deed.picture(self._number)
        assert writes, self.deed.what
        for number in count(1):
            if not await self._same(partial(_is_the, number), wanted):
                break
        assert len(self.killed_after) == number - 1
        # Workers run side by side: another order may have kept a write from being the last one. Which Events there are
        # depends on it, too: what lasts shorter than a pass is not told. What both undisturbed rounds have is no stray.
        both = set(writes) & set(self._of_the_deed(self.between.writes))
        for label in sorted(one for one in both if not one.startswith("Event ")):
            tries = 0
            while label not in self.killed_after:
                assert (tries := tries + 1) <= TRIES, f"no kill after {label}; kills after {self.killed_after}"
                await self._same(partial(_is_last, label), wanted)
        return len(self.killed_after)

    async def _same(self, due: Due, wanted: Picture) -> bool:
        """A round with that end; whether there was a kill in it."""
        killed = await self._round(due)
        after = f"after {self.killed_after[-1]}" if killed else "without a kill"
        await equals(lambda: self.deed.picture(self._number), wanted, what=f"{self.deed.what}: end {after}", within=30)
        return killed

    async def _round(self, due: Due) -> bool:
        self._number += 1
        await self.deed.prepare(self._number)
        await until(lambda: self._quiet(SETTLED), what=f"{self.deed.what}: quiet before round {self._number}")
        self.between.arm(self.operator.pid, lambda writes: due(self._of_the_deed(writes)))
        await self.deed.begin(self._number)
        await until(self._killed_or_over, what=f"{self.deed.what}: round {self._number}")
        killed = not self.between.armed
        self.between.disarm()
        if killed:
            self.killed_after.append(self._of_the_deed(self.between.writes)[-1])
            self.operator.kill()  # it is dead: this takes it from the list of processes
            self.operator.start()
            await until(lambda: self.deed.reached(self._number), what=f"{self.deed.what}: end of {self._number}")
            await until(lambda: self._quiet(SETTLED), what=f"{self.deed.what}: quiet after round {self._number}")
        return killed

    def _of_the_deed(self, writes: Sequence[str]) -> list[str]:
        """With names that are the same in each round."""
        about = self.deed.about(self._number)
        return [label.replace(about, "") for label in writes if about in label]

    async def _killed_or_over(self) -> bool:
        if not self.between.armed:
            return True
        return await self.deed.reached(self._number) and self.between.quiet > SHOWN

    async def _quiet(self, seconds: float) -> bool:
        return self.between.quiet > seconds


def _is_the(number: int, writes: Sequence[str]) -> bool:
    return len(writes) == number


def _is_last(label: str, writes: Sequence[str]) -> bool:
    return writes[-1:] == [label]
