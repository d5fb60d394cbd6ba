"""Rings for those who follow calls: something was committed, look into the store."""

from callscribe.domain.changes import RINGS_TOPIC, Ring, call_topic
from callscribe.ports import Bus


def ring_for(bus: Bus, call_id: str, number: int) -> None:
    """Ring for the call's readers, and for those who follow every call."""
    ring = Ring(call_id, number)
    bus.publish(call_topic(call_id), ring)
    bus.publish(RINGS_TOPIC, ring)
