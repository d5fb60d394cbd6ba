"""Placing a call under a name, so that asking again for what nobody saw the end of gives the same call."""

from callscribe.actions import calls
from callscribe.actions.calls import CallOrder
from callscribe.domain.call import Call, CallState
from callscribe.ports import Ports

MOST_ATTEMPTS = 10
"""How often an order that ACS refuses is tried under one name."""


async def placed(ports: Ports, order: CallOrder, name: str | None) -> Call:
    """The call of this order: a new one, or the one that an earlier attempt under the name made.

    An earlier attempt that ACS refused made none, and is done again, MOST_ATTEMPTS times; after that the call that
    failed last comes back. Raises what `calls.place` raises.
    """
    call = await calls.place(ports, order, name)
    for _ in range(1, MOST_ATTEMPTS):
        if name is None or not _refused(call):
            break
        call = await calls.place(ports, order, f"{name} {call.id}")
    return call


def _refused(call: Call) -> bool:
    return call.state is CallState.FAILED and call.call_connection_id is None
