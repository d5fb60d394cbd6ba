"""Looks after calls when the service begins: what happened to them meanwhile is asked of ACS."""

from callscribe.domain.call import AT_ACS
from callscribe.domain.commands import LookUp
from callscribe.domain.errors import StoreUnavailable
from callscribe.ports import CallFilter, Job, Ports, StoredCall

PAGE = 200
APART_MS = 50
"""Between two questions: ACS is not flooded, and five thousand calls take four minutes."""


async def reconcile(ports: Ports) -> int:
    """Have ACS asked about every call that it may have; gives how many. Doing it twice asks once.

    Callbacks that were sent while nobody was here may be lost for good. Raises StoreUnavailable.
    """
    asked = 0
    for state in sorted(AT_ACS):
        cursor: str | None = None
        while True:
            page, cursor = await ports.store.calls(CallFilter(state=state), PAGE, cursor)
            known = [stored for stored in page if stored.call.call_connection_id]
            await _ask(ports, known, asked)
            asked += len(known)
            if cursor is None:
                break
    return asked


async def reconciled(ports: Ports) -> None:
    """The same where the store may be away: what it does not tell now, later look-ups find out."""
    try:
        await reconcile(ports)
    except StoreUnavailable:
        return


async def _ask(ports: Ports, known: list[StoredCall], before: int) -> None:
    now = ports.clock.now()
    async with ports.store.transaction() as tx:
        for number, stored in enumerate(known, before):
            call_id = stored.call.id
            await tx.enqueue(Job(f"begin_{call_id}", call_id, LookUp(), now, now + number * APART_MS))
