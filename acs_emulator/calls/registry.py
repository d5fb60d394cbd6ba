"""The calls that live."""

from __future__ import annotations

from acs_emulator.calls.call import Call, Leg


class Calls:
    """Calls, found by any of their ids. Ended calls are forgotten: ACS answers 404 for them."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}
        self._legs: dict[str, Leg] = {}

    def add(self, call: Call) -> Call:
        self._calls[call.call_id] = call
        return call

    def attach(self, leg: Leg) -> Leg:
        leg.call.legs.append(leg)
        self._legs[leg.connection_id] = leg
        return leg

    def leg(self, connection_id: str) -> Leg | None:
        return self._legs.get(connection_id)

    def find(self, any_id: str) -> Call | None:
        """By our call id, serverCallId, correlationId or callConnectionId."""
        if leg := self._legs.get(any_id):
            return leg.call
        if call := self._calls.get(any_id):
            return call
        return next((call for call in self._calls.values() if any_id in _ids(call)), None)

    def all(self) -> list[Call]:
        return list(self._calls.values())

    def detach(self, leg: Leg) -> None:
        self._legs.pop(leg.connection_id, None)
        if leg in leg.call.legs:
            leg.call.legs.remove(leg)

    def remove(self, call: Call) -> None:
        self._calls.pop(call.call_id, None)


def _ids(call: Call) -> set[str]:
    behind_lines = {one for leg in call.legs for one in (leg.server_call_id, leg.correlation_id)}
    return {call.server_call_id, call.correlation_id} | behind_lines
