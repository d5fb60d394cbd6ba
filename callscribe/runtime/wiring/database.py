"""What the commands that work on the database directly need."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.ports import Clock, Ids, Store
from callscribe.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class DatabaseTools:
    migrate: Callable[[], Awaitable[None]]
    open_store: Callable[[], AbstractAsyncContextManager[Store]]
    clock: Clock
    ids: Ids


def database_tools(settings: Settings) -> DatabaseTools:
    clock = SystemClock()
    return DatabaseTools(
        migrate=partial(migrate, settings.database_url),
        open_store=partial(SqlStore, settings.database_url, clock),
        clock=clock,
        ids=RandomIds(clock),
    )
