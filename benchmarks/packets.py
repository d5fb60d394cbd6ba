"""What ACS would send: an utterance in four packets, three as far as recognised and a final one.

Two hundred packets of 0.3 to 2 kB as the service writes them, with offsets of 19 digits, words in every packet, and
one in four final. The generator raises the offsets each time round, so that no packet repeats another.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

UTTERANCES = 50
PIECES = 4
BASE = 2_516_998_782_481_234_401
"""A first offset as Azure's documentation shows them: it exceeds what a double holds."""
_SPEAKERS = ("4:+4930123456", "8:acs:0f9e2c1d-6d53-4b8a-9a38-2f1f5c2b7a10_00000024-5c2b-4b57")
_SENTENCE = (
    "well I wanted to ask about the order that was placed last week because it has not arrived and the page where one "
    "follows it says nothing so could you look whether it left the warehouse at all please thank you very much indeed"
)
_WORDS = _SENTENCE.split()
_SEED = 4


def metadata() -> str:
    """The packet that opens a socket."""
    return _packet(
        "TranscriptionMetadata",
        {
            "subscriptionId": "835be116-f750-48a4-a5a4-ab85e070e5b0",
            "locale": "en-us",
            "correlationId": "7d5a1f6e",
        },
    )


def data(*, stamped: bool = False, finals_only: bool = False) -> Iterator[str]:
    """Utterances of two speakers in turn; `stamped` finals begin with a place for the time of sending."""
    chance = random.Random(_SEED)
    offset = BASE
    for number in range(UTTERANCES):
        spoken = [chance.choice(_WORDS) for _ in range(chance.randint(6, 24))]
        for piece in range(1, PIECES + 1):
            final = piece == PIECES
            if final or not finals_only:
                part = spoken[: max(len(spoken) * piece // PIECES, 1)]
                yield _data(part, offset, _SPEAKERS[number % 2], final, stamped)
        offset += len(spoken) * 4_000_000


def _data(spoken: list[str], offset: int, speaker: str, final: bool, stamped: bool) -> str:
    text = " ".join(spoken).capitalize() + ("." if final else "")
    words = [
        {"text": word.lower(), "offset": offset + 4_000_000 * place, "duration": 3_600_000}
        for place, word in enumerate(spoken)
    ]
    return _packet(
        "TranscriptionData",
        {
            "text": f"t={0:019} {text}" if stamped and final else text,
            "format": "display",
            "confidence": 0.8721356987953186,
            "offset": offset,
            "duration": 4_000_000 * len(spoken) - 400_000,
            "words": words,
            "participantRawID": speaker,
            "resultStatus": "Final" if final else "Intermediate",
        },
    )


def _packet(kind: str, content: dict[str, object]) -> str:
    return json.dumps({"kind": kind, kind[0].lower() + kind[1:]: content}, separators=(",", ":"))


def write(path: Path, *, stamped: bool = False, finals_only: bool = False) -> Path:
    """A file for the generator, one packet in a line."""
    lines = [metadata(), *data(stamped=stamped, finals_only=finals_only)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
