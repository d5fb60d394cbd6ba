"""The official SDK, blocking or asynchronous, behind one asynchronous face that notes what has been called."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from azure.communication import callautomation
from azure.communication.callautomation import aio
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport

Style = Literal["sync", "async"]
RECORDING_HOSTS = (".asm.skype.com", ".asyncgw.teams.microsoft.com", ".ams.gov.teams.microsoft.us")
"""The hosts from which SDK 1.6 fetches recordings; it refuses all others."""

BROKEN = {("1.4.0", "async"): {"CallAutomationClient.delete_recording": "await_client"}}
"""Methods that a version ships broken, with what its AttributeError names; they cannot be driven."""


def led_home(url: str, endpoint: str) -> str:
    """The URL of a recording at the emulator's endpoint instead of at Microsoft's; any other URL as it is."""
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith(RECORDING_HOSTS):
        return url
    return parts._replace(netloc=urlsplit(endpoint).netloc).geturl()


class LeadingTransport(RequestsTransport):
    """Leads the hosts of recordings to the emulator."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint

    def send(self, request: Any, **kwargs: Any) -> Any:
        request.url = led_home(request.url, self._endpoint)
        return super().send(request, **kwargs)


class LeadingAioTransport(AioHttpTransport):
    """The same for the asynchronous client."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint

    async def send(self, request: Any, **kwargs: Any) -> Any:
        request.url = led_home(request.url, self._endpoint)
        return await super().send(request, **kwargs)


class Driven:
    """A client whose methods are all asynchronous: `await driven.play_media(…)`."""

    def __init__(self, sdk: Sdk, client: Any) -> None:
        self._sdk = sdk
        self.client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def drive(*args: Any, **kwargs: Any) -> Any:
            return await self._sdk.drive(self.client, name, *args, **kwargs)

        return drive


class Sdk:
    """One style of the installed SDK; its clients come from a connection string, as in a stranger's program."""

    def __init__(self, style: Style, connection_string: str, say: Callable[[str], None]) -> None:
        module = callautomation if style == "sync" else aio
        self.style = style
        self.automation_class: Any = module.CallAutomationClient
        self.connection_class: Any = module.CallConnectionClient
        self.connection_string = connection_string
        self.driven: set[str] = set()
        self._say = say
        self._answered: set[str] = set()

    @property
    def version(self) -> str:
        return str(callautomation.__version__)

    @property
    def endpoint(self) -> str:
        """With a scheme, from the connection string."""
        pairs = dict(part.split("=", 1) for part in self.connection_string.split(";") if part)
        return pairs["endpoint"].rstrip("/")

    def open(self) -> Driven:
        """A client of calls."""
        transport = LeadingTransport if self.style == "sync" else LeadingAioTransport
        self._note(self.automation_class, "from_connection_string")
        client = self.automation_class.from_connection_string(
            self.connection_string, transport=transport(self.endpoint)
        )
        return Driven(self, client)

    def open_connection(self, connection_id: str) -> Driven:
        """A client of one call, made without the client of calls."""
        self._note(self.connection_class, "from_connection_string")
        client = self.connection_class.from_connection_string(self.connection_string, connection_id)
        return Driven(self, client)

    def has(self, name: str) -> bool:
        """Whether the installed version knows a method of a call's client."""
        return hasattr(self.connection_class, name)

    def methods(self) -> set[str]:
        """Every public method that the installed version's clients have, as `Class.method`."""
        return {
            f"{one.__name__}.{name}"
            for one in (self.automation_class, self.connection_class)
            for name, _ in inspect.getmembers(one, callable)
            if not name.startswith("_")
        }

    @property
    def broken(self) -> dict[str, str]:
        """The methods that this version ships broken."""
        return BROKEN.get((self.version, self.style), {})

    async def drive(self, client: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        """The method's result, lists and downloads collected; noted where it succeeded."""
        if self.style == "sync":
            result = await asyncio.to_thread(_blocking, getattr(client, name), *args, **kwargs)
        else:
            result = await _collected(getattr(client, name)(*args, **kwargs))
        self._note(type(client), name)
        return Driven(self, result) if isinstance(result, self.connection_class) else result

    def _note(self, client: type, name: str) -> None:
        method = f"{client.__name__}.{name}"
        if method not in self.driven:
            self.driven.add(method)
            self._say(f"{method} ({self.style})")


def _blocking(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    result = method(*args, **kwargs)
    if hasattr(result, "iter_bytes"):
        return b"".join(result.iter_bytes())
    return list(result) if isinstance(result, Iterator) else result


async def _collected(result: Any) -> Any:
    if inspect.isawaitable(result):
        result = await result
    if hasattr(result, "iter_bytes"):
        return b"".join([chunk async for chunk in result.iter_bytes()])
    return [one async for one in result] if hasattr(result, "__anext__") else result
