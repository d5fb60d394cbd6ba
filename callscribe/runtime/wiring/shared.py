"""What both servers' wirings say alike: the bus between them, whose tokens are ACS's, and which sinks there are."""

from contextlib import AsyncExitStack

from callscribe.adapters.bus_redis import RedisBus
from callscribe.adapters.tokens import Trust
from callscribe.ports import Bus
from callscribe.runtime.settings import Settings
from callscribe.runtime.telemetry import Metrics

WEBHOOK = "webhook"
EVENT_GRID = "eventgrid"


def acs_trust(settings: Settings) -> Trust | None:
    """Whose tokens ACS's callbacks and sockets bring; None where no resource id is set (development)."""
    if not settings.acs_resource_id:
        return None
    return Trust((settings.acs_issuer,), (settings.acs_resource_id,), settings.acs_keys_url)


def sink_names(settings: Settings) -> tuple[str, ...]:
    """The sinks that are set: the store marks for them what is due."""
    named = {WEBHOOK: settings.webhook_url, EVENT_GRID: settings.event_grid_topic_endpoint}
    return tuple(name for name, where in named.items() if where)


async def open_bus(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> Bus:
    """The bus of the settings; what it drops while Redis is away is measured."""
    bus = await stack.enter_async_context(RedisBus(settings.redis_url))
    metrics.watch("bus.dropped", "Notices not sent, since Redis was away or too slow.", lambda: bus.dropped)
    return bus
