"""The emulator's tasks, all children of one task group."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from acs_emulator.journal import Journal

logger = logging.getLogger(__name__)


class Tasks:
    """Starts tasks under a scope (a call, a subscription) and ends them with it."""

    def __init__(self, group: asyncio.TaskGroup, journal: Journal) -> None:
        self._group = group
        self._journal = journal
        self._scopes: dict[str, set[asyncio.Task[None]]] = {}

    def start(self, work: Coroutine[object, object, None], *, scope: str) -> asyncio.Task[None]:
        """A task that never takes its siblings down: an unforeseen error is logged and put into the journal."""
        task = self._group.create_task(self._supervise(work))
        running = self._scopes.setdefault(scope, set())
        running.add(task)
        task.add_done_callback(lambda done: self._forget(scope, done))
        # A task that is cancelled before its first step never comes to its work, which would be warned of.
        task.add_done_callback(lambda _: work.close())
        return task

    def move(self, task: asyncio.Task[None], scope: str, onward: str) -> None:
        """A running task belongs to another scope from now on."""
        if task in self._scopes.get(scope, ()):
            self._forget(scope, task)
            self._scopes.setdefault(onward, set()).add(task)
            task.add_done_callback(lambda done: self._forget(onward, done))

    def move_all(self, scope: str, onward: str) -> None:
        """Everything of a scope but the task that asks belongs to another one from now on."""
        for task in list(self._scopes.get(scope, ())):
            if task is not asyncio.current_task():
                self.move(task, scope, onward)

    def cancel(self, scope: str) -> None:
        """Cancel all tasks of the scope but the one that asks."""
        for task in list(self._scopes.get(scope, ())):
            if task is not asyncio.current_task():
                task.cancel()

    def cancel_all(self) -> None:
        for scope in list(self._scopes):
            self.cancel(scope)

    def _forget(self, scope: str, task: asyncio.Task[None]) -> None:
        running = self._scopes.get(scope, set())
        running.discard(task)
        if not running:
            self._scopes.pop(scope, None)

    async def _supervise(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except Exception as error:
            logger.error("a task of the emulator failed", exc_info=error)
            self._journal.add("error", message=f"{type(error).__name__}: {error}")
