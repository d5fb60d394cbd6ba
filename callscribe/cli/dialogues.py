"""The dialogue that a demonstration speaks: what must come back, in which order."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callscribe.cli.trouble import Trouble

Line = tuple[str, str]
"""A speaker's name and their words."""
_SPEAKERS = frozenset({"caller", "agent"})


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A dialogue file: `script` as the emulator takes it, `lines` in the order they are written."""

    script: dict[str, Any]
    lines: tuple[Line, ...]


def load(path: Path) -> Dialogue:
    """The dialogue in a file. Raises Trouble."""
    try:
        script = json.loads(path.read_text(encoding="utf-8"))
        spoken = [turn for turn in script["turns"] if turn.get("text")]
        lines = tuple((str(turn.get("speaker", "caller")), str(turn["text"])) for turn in spoken)
    except OSError as fault:
        raise Trouble(f"The dialogue {path} cannot be read ({fault.strerror}).") from fault
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise Trouble(
            f'The dialogue {path} is not of the form {{"turns": [{{"speaker", "text"}}]}}: {fault}.'
        ) from fault
    if not lines:
        raise Trouble(f"Nobody says anything in the dialogue {path}.")
    if strangers := {speaker for speaker, _ in lines} - _SPEAKERS:
        raise Trouble(f"Only caller and agent speak in a demonstration, not {', '.join(sorted(strangers))}.")
    return Dialogue(script, lines)


def missing(expected: tuple[Line, ...], heard: list[Line]) -> Line | None:
    """The first line of the dialogue that did not come in its place, or None where all came in order."""
    rest = iter(heard)
    return next((line for line in expected if line not in rest), None)
