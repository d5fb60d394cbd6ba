"""What the service does beside answering requests: jobs, held events, pushes."""

from collections.abc import Awaitable, Callable, Mapping

from callscribe.actions.deliver import Deliverer
from callscribe.actions.inbox import Inbox
from callscribe.actions.jobs import Worker
from callscribe.ports import Ports
from callscribe.runtime.telemetry import Metrics


def background(ports: Ports, inbox: Inbox, metrics: Metrics) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """The loops by name; each runs until it is cancelled, and is restarted where it fails."""
    return {
        "jobs": Worker(ports).run,
        "inbox": inbox.run,
        "pushes": Deliverer(ports, count=metrics.pushes.add).run,
    }
