"""Event Grid: subscriptions, their handshakes, and delivery at least once."""

from acs_emulator.eventgrid.events import Event, Schema
from acs_emulator.eventgrid.filters import AdvancedFilter
from acs_emulator.eventgrid.grid import EventGrid
from acs_emulator.eventgrid.handshakes import EndpointFailed
from acs_emulator.eventgrid.subscriptions import Subscription

__all__ = ["AdvancedFilter", "EndpointFailed", "Event", "EventGrid", "Schema", "Subscription"]
