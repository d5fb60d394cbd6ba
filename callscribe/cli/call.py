"""One demonstration call: it rings, it is answered, its words are printed as they are spoken."""

import time
from collections.abc import Callable
from typing import Any

from callscribe.cli.children import wait_until
from callscribe.cli.dialogues import Line
from callscribe.cli.screen import Screen
from callscribe.cli.stack import CALLED, CALLER, Stack
from callscribe.cli.trouble import Trouble, told

_ANSWER_SECONDS = 20.0
_SILENCE_SECONDS = 45.0
_LAST_WORDS_SECONDS = 5.0
_ENDED = frozenset({"disconnected", "missed", "rejected", "redirected", "failed"})


def ring(stack: Stack, speech: dict[str, Any]) -> str:
    """Let somebody ring, and give the id of the call once callscribe knows it. Raises Trouble."""
    before = set(stack.service.calls())
    stack.emulator.dial_in(CALLER, CALLED, speech)
    new: list[str] = []

    def is_known() -> bool:
        new[:] = [call_id for call_id in stack.service.calls() if call_id not in before]
        return bool(new)

    wait_until(is_known, stack.children, "The incoming call", _ANSWER_SECONDS)
    return new[0]


def follow(stack: Stack, call_id: str, screen: Screen) -> list[Line]:
    """Print the call until it has ended, and give the lines in the order they were finished. Raises Trouble."""
    lines: list[Line] = []
    printed: set[str] = set()
    quiet = _Quiet(stack.check)

    def finished(body: dict[str, Any]) -> None:
        if body["id"] not in printed:
            printed.add(body["id"])
            lines.append(screen.segment(body))

    for kind, body in stack.service.follow(call_id, quiet.check):
        quiet.broken()
        if kind == "segment":
            finished(body)
        elif kind == "partial":
            screen.partial(body)
        elif kind == "transcription":
            _refuse_failure(body)
        elif kind == "call" and body.get("state") in _ENDED:
            _refuse_failure(body)
            break
    _last_words(stack, call_id, finished)
    return lines


def verify(stack: Stack, call_id: str, lines: list[Line]) -> None:
    """Raises Trouble unless the stored transcript says what was seen live."""
    stored = [segment["text"] for segment in stack.service.transcript(call_id)["segments"]]
    if sorted(stored) != sorted(words for _, words in lines):
        raise Trouble("The stored transcript is not what was seen live.")


class _Quiet:
    """Ends the wait for a call in which nothing happens, or whose programs have ended."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._since = time.monotonic()

    def broken(self) -> None:
        self._since = time.monotonic()

    def check(self) -> None:
        self._check()
        if time.monotonic() - self._since > _SILENCE_SECONDS:
            raise Trouble(f"Nothing happened in the call for {_SILENCE_SECONDS:.0f} seconds.")


def _last_words(stack: Stack, call_id: str, finished: Callable[[dict[str, Any]], None]) -> None:
    """Lines that were committed around the end of the call; read until a second look finds nothing new."""
    deadline = time.monotonic() + _LAST_WORDS_SECONDS
    seen = -1
    while time.monotonic() < deadline:
        segments = stack.service.transcript(call_id)["segments"]
        for segment in segments:
            finished(segment)
        if len(segments) == seen:
            return
        seen = len(segments)
        time.sleep(0.5)


def _refuse_failure(body: dict[str, Any]) -> None:
    failure = body.get("failure")
    if failure:
        raise Trouble(told(failure))
