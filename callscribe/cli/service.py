"""callscribe's HTTP API, as far as the command line uses it."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from callscribe.cli.stream import Sent, parse
from callscribe.cli.trouble import Trouble, told

_TIMEOUT = httpx.Timeout(10.0)
_SILENCE = httpx.Timeout(10.0, read=40.0)
"""A live stream sends at least a comment every 15 s."""


class Service:
    """A client with an API key. Every method raises Trouble where the service does not answer as promised."""

    def __init__(self, url: str, key: str = "") -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT, trust_env=False)
        self.url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def is_ready(self) -> bool:
        """Whether `/readyz` says so; False also while nobody listens."""
        try:
            return self._http.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def calls(self) -> list[str]:
        """The ids of the newest calls, the newest first."""
        return [str(call["id"]) for call in self._get("/v1/calls").json()["items"]]

    def transcript(self, call_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._get(f"/v1/calls/{call_id}/transcript").json()
        return found

    def save(self, call_id: str, form: str, path: Path) -> None:
        """Write a call's transcript into a file, in one of the formats of the API."""
        answer = self._get(f"/v1/calls/{call_id}/transcript", format=form)
        try:
            path.write_bytes(answer.content)
        except OSError as fault:
            raise Trouble(f"The transcript cannot be written to {path} ({fault.strerror}).") from fault

    def follow(self, call_id: str, alive: Callable[[], None]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Kind and body of everything that happens in a call, from its beginning, until the server ends the stream.

        `alive` is called for every line that comes, heartbeats too; what it raises ends the stream.
        """
        path = f"/v1/calls/{call_id}/transcript/stream"
        try:
            with self._http.stream("GET", path, headers={"Last-Event-ID": "0"}, timeout=_SILENCE) as answer:
                if answer.is_error:
                    answer.read()
                _accepted(answer)
                yield from (_decoded(sent) for sent in parse(_watched(answer.iter_lines(), alive)))
        except httpx.TransportError as fault:
            alive()
            raise Trouble(f"The live stream of {self.url} broke off ({type(fault).__name__}).") from fault

    def _get(self, path: str, **query: str) -> httpx.Response:
        try:
            answer = self._http.get(path, params=query)
        except httpx.TransportError as fault:
            raise Trouble(f"{self.url} does not answer ({type(fault).__name__}).") from fault
        return _accepted(answer)


def _watched(lines: Iterable[str], alive: Callable[[], None]) -> Iterator[str]:
    for line in lines:
        alive()
        yield line


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    raise Trouble(
        f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {_said(answer)}"
    )


def _said(answer: httpx.Response) -> str:
    try:
        return told(answer.json())
    except (ValueError, KeyError, TypeError):  # not one of ours, such as a proxy's
        return answer.text[:300].replace("\n", " ")


def _decoded(sent: Sent) -> tuple[str, dict[str, Any]]:
    body = json.loads(sent.data)
    return sent.event, body if isinstance(body, dict) else {}
