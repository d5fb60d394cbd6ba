"""What is measured, by a few words each."""

from typing import Protocol


class Counter(Protocol):
    """Counts by a few words each (kinds, states, codes), never by a call, a number or a word spoken."""

    def add(self, *values: str, count: int = 1) -> None: ...


class Level(Protocol):
    """A number that goes up and down."""

    def add(self, count: int = 1) -> None: ...


class CallCounters(Protocol):
    """What the service measures of calls."""

    @property
    def events(self) -> Counter:
        """By source and type."""
        ...

    @property
    def calls(self) -> Counter:
        """Calls that came to a state."""
        ...

    @property
    def malformed(self) -> Counter:
        """What could not be read, by source."""
        ...

    @property
    def failures(self) -> Counter:
        """Failed transcriptions, by code."""
        ...


class Uncounted:
    """Counters of a process that measures nothing."""

    def add(self, *values: str, count: int = 1) -> None: ...

    events = calls = malformed = failures = property(lambda self: self)


UNCOUNTED = Uncounted()
