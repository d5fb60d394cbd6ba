"""The two clients: the operations of `asks`, done at once or awaited."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

import httpx

from acs_emulator.client import asks
from acs_emulator.client.asks import Ask
from acs_emulator.client.values import ControlError

P = ParamSpec("P")
T = TypeVar("T")
PATIENCE = 30.0
"""Real seconds for an answer, besides what the emulator itself waits."""


class _Now(Generic[P, T]):
    """An operation as a method that returns its result."""

    def __init__(self, ask: Callable[P, Ask[T]]) -> None:
        self._ask = ask
        self.__doc__ = ask.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: EmulatorClient, owner: type) -> Callable[P, T]: ...
    def __get__(self, client: EmulatorClient | None, owner: type) -> Self | Callable[P, T]:
        return self if client is None else lambda *args, **kwargs: client.do(self._ask(*args, **kwargs))


class _Soon(Generic[P, T]):
    """An operation as a method that is awaited."""

    def __init__(self, ask: Callable[P, Ask[T]]) -> None:
        self._ask = ask
        self.__doc__ = ask.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: AsyncEmulatorClient, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(
        self, client: AsyncEmulatorClient | None, owner: type
    ) -> Self | Callable[P, Coroutine[Any, Any, T]]:
        return self if client is None else lambda *args, **kwargs: client.do(self._ask(*args, **kwargs))


class EmulatorClient:
    """Drives an emulator from synchronous code: `with EmulatorClient("http://127.0.0.1:8090") as emulator:`.

    Every operation raises ControlError where the emulator refuses, and httpx's errors where it cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url.rstrip('/')}/_emulator", trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def do(self, ask: Ask[T]) -> T:
        """Any operation of `asks`."""
        return _read(ask, self._http.request(ask.method, ask.path, **_request(ask)))

    dial_in = _Now(asks.dial_in)
    calls = _Now(asks.calls)
    say = _Now(asks.say)
    press = _Now(asks.press)
    silence = _Now(asks.silence)
    join = _Now(asks.join)
    hang_up = _Now(asks.hang_up)
    set_callee = _Now(asks.set_callee)
    add_fault = _Now(asks.add_fault)
    faults = _Now(asks.faults)
    remove_fault = _Now(asks.remove_fault)
    clear_faults = _Now(asks.clear_faults)
    catalogue = _Now(asks.catalogue)
    seed = _Now(asks.seed)
    clock = _Now(asks.clock)
    set_speed = _Now(asks.set_speed)
    hold_clock = _Now(asks.hold_clock)
    release_clock = _Now(asks.release_clock)
    step_clock = _Now(asks.step_clock)
    reset = _Now(asks.reset)
    journal = _Now(asks.journal)
    wait_for = _Now(asks.wait_for)
    addresses = _Now(asks.addresses)
    subscribe = _Now(asks.subscribe)
    subscriptions = _Now(asks.subscriptions)
    unsubscribe = _Now(asks.unsubscribe)
    start_recorder = _Now(asks.start_recorder)
    stop_recorder = _Now(asks.stop_recorder)
    recording = _Now(asks.recording)
    replay = _Now(asks.replay)


class AsyncEmulatorClient:
    """Drives an emulator from asynchronous code: `async with AsyncEmulatorClient(url) as emulator:`; as EmulatorClient,
    and every operation is awaited."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=f"{url.rstrip('/')}/_emulator", trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def do(self, ask: Ask[T]) -> T:
        """Any operation of `asks`."""
        return _read(ask, await self._http.request(ask.method, ask.path, **_request(ask)))

    dial_in = _Soon(asks.dial_in)
    calls = _Soon(asks.calls)
    say = _Soon(asks.say)
    press = _Soon(asks.press)
    silence = _Soon(asks.silence)
    join = _Soon(asks.join)
    hang_up = _Soon(asks.hang_up)
    set_callee = _Soon(asks.set_callee)
    add_fault = _Soon(asks.add_fault)
    faults = _Soon(asks.faults)
    remove_fault = _Soon(asks.remove_fault)
    clear_faults = _Soon(asks.clear_faults)
    catalogue = _Soon(asks.catalogue)
    seed = _Soon(asks.seed)
    clock = _Soon(asks.clock)
    set_speed = _Soon(asks.set_speed)
    hold_clock = _Soon(asks.hold_clock)
    release_clock = _Soon(asks.release_clock)
    step_clock = _Soon(asks.step_clock)
    reset = _Soon(asks.reset)
    journal = _Soon(asks.journal)
    wait_for = _Soon(asks.wait_for)
    addresses = _Soon(asks.addresses)
    subscribe = _Soon(asks.subscribe)
    subscriptions = _Soon(asks.subscriptions)
    unsubscribe = _Soon(asks.unsubscribe)
    start_recorder = _Soon(asks.start_recorder)
    stop_recorder = _Soon(asks.stop_recorder)
    recording = _Soon(asks.recording)
    replay = _Soon(asks.replay)


def _request(ask: Ask[Any]) -> dict[str, Any]:
    content = None if ask.body is None else json.dumps(ask.body, default=str).encode()
    headers = {} if content is None else {"Content-Type": "application/json"}
    timeout = PATIENCE + ask.patience
    return {"content": content, "headers": headers, "params": dict(ask.params), "timeout": timeout}


def _read(ask: Ask[T], response: httpx.Response) -> T:
    if response.is_success:
        return ask.read(response.text)
    try:
        problem = response.json()
        title, detail = str(problem["title"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        title, detail = response.reason_phrase, response.text
    raise ControlError(response.status_code, title, detail)
