"""Bodies of requests: read whole and bounded, and looked at before anybody trusts what they hold."""

from __future__ import annotations

import json
import math
import re

from starlette.types import Receive

MAX_BODY_BYTES = 1_048_576
MAX_DEPTH = 64
"""Of JSON: the limit of .NET's reader; that the service uses it is a guess."""
_STEPS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


class _Flawed(ValueError):
    """The message completes a sentence that begins with `the body`."""


async def read_body(receive: Receive, limit: int = MAX_BODY_BYTES) -> bytes | None:
    """The request's body, None where it is larger than the limit."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


def flaw(body: bytes) -> str | None:
    """What is wrong with JSON that Python would read all the same, but that could not be kept, shown or sent on: another
    encoding than UTF-8, too many levels, numbers that are none, halves of characters. It completes a sentence that
    begins with `the body`. None for good JSON, and for what is no JSON at all."""
    try:
        _check(body)
    except UnicodeDecodeError:
        return "is not UTF-8"
    except _Flawed as found:
        return str(found)
    except ValueError:
        return None
    return None


def _check(body: bytes) -> None:
    text = body.decode()
    if "\0" in text:
        raise _Flawed("is not UTF-8")
    if _depth(body) > MAX_DEPTH:
        raise _Flawed(f"is nested deeper than {MAX_DEPTH} levels")
    found = json.loads(text, parse_constant=_number, parse_float=_number) if text else None
    if _HALF_CHARACTER.search(body):
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise _Flawed("holds half a character") from error


def _depth(body: bytes) -> int:
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for step in _STEPS.finditer(body):
        character = step[0][:1]
        if character in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in b"]}":
            depth -= 1
    return deepest


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Flawed(f"holds {text[:20]}, which is no number")
    return number
