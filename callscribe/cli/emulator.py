"""The emulator's control plane, as far as the command line uses it."""

from types import TracebackType
from typing import Any, Self

import httpx

from callscribe.cli.trouble import Trouble


class Emulator:
    """A client of a running `acs_emulator`. Every method raises Trouble where it is refused."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=60.0, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def subscribe(self, url: str) -> None:
        """Events go to this URL from now on; the handshake is made before this returns."""
        self._post("/_emulator/event-subscriptions", {"url": url})

    def dial_in(self, caller: str, called: str, speech: dict[str, Any]) -> None:
        """Somebody rings; `speech` says with what they and the agent speak (`dialogue` or `audio`)."""
        self._post("/_emulator/calls", {"from": caller, "to": called, **speech})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        try:
            answer = self._http.post(path, json=body)
        except httpx.TransportError as fault:
            raise Trouble(f"The emulator does not answer ({type(fault).__name__}).") from fault
        if not answer.is_success:
            raise Trouble(f"The emulator refused: {_detail(answer)}")


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.text[:300]}"
