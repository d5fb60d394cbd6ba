"""A live transcript in a terminal; plain lines where there is none."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.rule import Rule
from rich.text import Text

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue")


def clock(ms: int) -> str:
    """A position as `00:07`, or `1:02:03` from an hour on."""
    minutes, seconds = divmod(max(ms, 0) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


class Screen:
    """Prints finished lines one after the other; in a terminal the open ones are seen growing beneath them."""

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console = console
        self._names = dict(names)
        self._open: dict[str, Text] = {}
        self._colours: dict[str, str] = {}
        self._live = (
            Live(console=console, transient=True, refresh_per_second=12) if console.is_terminal else None
        )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def segment(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """Print a finished line and give its speaker's name and its words."""
        self._open.pop(body["participantRawID"], None)
        self._refresh()
        self._console.print(self._line(body), soft_wrap=True)
        return self.name(body), str(body["text"])

    def partial(self, body: Mapping[str, Any]) -> None:
        line = self._line(body)
        line.stylize("dim italic")
        self._open[body["participantRawID"]] = line
        self._refresh()

    def say(self, sentence: str) -> None:
        """Print something that nobody in the call said."""
        self._console.print(Text(sentence, style="dim"), soft_wrap=True)

    def box(self, title: str, rows: Mapping[str, str]) -> None:
        """Print rows under a title; every value in one piece, whatever the width, so that it can be copied."""
        width = max(len(name) for name in rows)
        rules = self._console.is_terminal
        self._console.print(Rule(title) if rules else Text(title), soft_wrap=not rules)
        for name, value in rows.items():
            self._console.print(Text.assemble((f"{name:{width}}  ", "bold"), value), soft_wrap=True)
        if rules:
            self._console.print(Rule())

    def name(self, body: Mapping[str, Any]) -> str:
        """What a speaker is called: a name given to the screen, else what the service knows."""
        raw_id = str(body["participantRawID"])
        return self._names.get(raw_id) or str(body.get("speaker") or raw_id)

    def _line(self, body: Mapping[str, Any]) -> Text:
        raw_id = str(body["participantRawID"])
        colour = self._colours.setdefault(raw_id, _COLOURS[len(self._colours) % len(_COLOURS)])
        return Text.assemble(
            (clock(int(body["startMs"])), "dim"),
            "  ",
            (f"{self.name(body):<6}", f"bold {colour}"),
            "  ",
            str(body["text"]),
        )

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.update(Group(*self._open.values()), refresh=True)
