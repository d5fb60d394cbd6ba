"""Metrics of one process, in OpenTelemetry's terms and Prometheus's text.

Labels hold a few words each (kinds, states, codes), never a call, a number or a word spoken.
"""

from collections.abc import Callable, Iterable

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.sdk import metrics as sdk
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
MOST_LABELS = 200
"""Combinations of label values that one counter keeps; everything beyond is counted as `other`."""
_COMMIT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Tally:
    """A counter that costs a dictionary update to add to, and is read only when it is scraped.

    To be used on one thread, the event loop's: the packet path affords no lock.
    """

    __slots__ = ("_counts", "_labels")

    def __init__(self, *labels: str) -> None:
        self._labels = labels
        self._counts: dict[tuple[str, ...], int] = {}

    def add(self, *values: str, count: int = 1) -> None:
        """Count `count` more; one value for each label, in the labels' order."""
        try:
            self._counts[values] += count
        except KeyError:
            if len(self._counts) >= MOST_LABELS:
                values = ("other",) * len(self._labels)
            self._counts[values] = self._counts.get(values, 0) + count

    def read(self, _: CallbackOptions) -> Iterable[Observation]:
        for values, count in self._counts.items():
            yield Observation(count, dict(zip(self._labels, values, strict=True)))


class Level:
    """A number that goes up and down, such as open sockets."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, count: int = 1) -> None:
        self.value += count

    def read(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self.value)


class Metrics:
    """Everything that is measured in one process; a new one shares nothing with another.

    `provider` is for libraries that bring metrics of their own (FastAPI's `http.server.*`).
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._reader = PrometheusMetricReader(
            registry=self._registry, scope_info_enabled=False, disable_target_info=True
        )
        self._sdk = sdk.MeterProvider([self._reader], shutdown_on_exit=False)
        self.provider: MeterProvider = self._sdk
        self._meter = self._sdk.get_meter("callscribe")

        self.packets = self._tally("packets", "Packets that came over transcript sockets.", "kind")
        self.malformed = self._tally("malformed", "What came in and could not be read.", "source")
        self.segments = self._tally("segments", "Finals taken: new, or repeated by ACS.", "delivery")
        self.refused = self._tally("sockets.refused", "Transcript sockets that were not admitted.", "reason")
        self.silent_pings = self._tally("sockets.pings.unanswered", "Pings that got no pong.")
        self.events = self._tally("events", "Events of ACS that came in.", "source", "type")
        self.calls = self._tally("calls", "Calls that came to a state.", "state")
        self.failures = self._tally("transcription.failures", "Transcriptions that failed.", "code")
        self.pushes = self._tally("pushes", "Attempts to push changes onwards.", "sink", "outcome")
        self.restarts = self._tally("restarts", "Background loops that failed and were restarted.", "loop")
        self.sockets = self._level("sockets.open", "Open transcript sockets.")
        self._commits = self._meter.create_histogram(
            "callscribe.commit.duration",
            unit="s",
            description="From taking a group of writes to its commit.",
            explicit_bucket_boundaries_advisory=_COMMIT_SECONDS,
        )

    def committed(self, seconds: float) -> None:
        """A group of writes became durable this long after it was begun; safe on any thread."""
        self._commits.record(seconds)

    def watch(self, name: str, description: str, read: Callable[[], int]) -> None:
        """Show what `read` gives whenever the metrics are scraped, such as the length of a queue."""
        self._meter.create_observable_gauge(
            f"callscribe.{name}", [lambda _: [Observation(read())]], description=description
        )

    def scrape(self) -> bytes:
        """All metrics as Prometheus reads them, of type CONTENT_TYPE."""
        return generate_latest(self._registry)

    def close(self) -> None:
        self._sdk.shutdown()

    def _tally(self, name: str, description: str, *labels: str) -> Tally:
        tally = Tally(*labels)
        self._meter.create_observable_counter(f"callscribe.{name}", [tally.read], description=description)
        return tally

    def _level(self, name: str, description: str) -> Level:
        level = Level()
        self._meter.create_observable_gauge(f"callscribe.{name}", [level.read], description=description)
        return level
