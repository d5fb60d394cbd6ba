"""`callscribe demo`, `callscribe dev` and `callscribe emulator`."""

import re
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from callscribe.cli import audio, dialogues
from callscribe.cli.call import follow, ring, verify
from callscribe.cli.children import foreground, tail
from callscribe.cli.dialogues import Line
from callscribe.cli.places import (
    EMULATOR_PORT,
    SERVICE_PORT,
    SOCKETS_PORT,
    Ports,
    lasting_folder,
    new_folder,
    settled,
)
from callscribe.cli.screen import Screen
from callscribe.cli.stack import Stack, running
from callscribe.cli.trouble import Trouble

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_DIALOGUE = Path(__file__).parents[2] / "examples/dialogues/lost-parcel.json"

Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port of the service; 0 takes a free one.")
]
WsPort = Annotated[int, typer.Option("--ws-port", min=0, max=65535, help="Port of the transcript server.")]
EmulatorPort = Annotated[int, typer.Option("--emulator-port", min=0, max=65535, help="Port of the emulator.")]
Audio = Annotated[
    list[str] | None,
    typer.Option("--audio", help="A WAV file with a channel for each speaker, or two files: CALLER,AGENT."),
]
Script = Annotated[
    Path, typer.Option("--dialogue", show_default=False, help="What caller and agent say, in JSON.")
]
Speed = Annotated[float, typer.Option("--speed", min=0.1, max=20, help="How fast time passes in the call.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="After a failure, show the end of each program's log.")
]
Folder = Annotated[Path, typer.Option("--folder", help="Where the database and the logs are kept.")]
Picture = Annotated[Path | None, typer.Option("--picture", help="Save what was printed as an SVG picture.")]


@app.callback()
def callscribe() -> None:
    """Phone calls, transcribed as they are spoken."""


@app.command()
def demo(
    sounds: Audio = None,
    dialogue: Script = _DIALOGUE,
    speed: Speed = 1.0,
    port: Port = SERVICE_PORT,
    ws_port: WsPort = SOCKETS_PORT,
    emulator_port: EmulatorPort = EMULATOR_PORT,
    picture: Picture = None,
    verbose: Verbose = False,
) -> None:
    """Let a caller ring an emulated ACS, and print the transcript while they speak with an agent."""
    console = _camera() if picture else Console(highlight=False)
    with _told(console) as kept:
        speech, expected = _speech(sounds, dialogue)
        ports = settled(Ports(port, ws_port, emulator_port))
        folder = new_folder()
        if verbose:
            kept.append(folder)
        with running(ports, folder, Screen(console, {}).say, speed=speed) as stack:
            call_id = _one_call(stack, console, speech, expected)
            stack.service.save(call_id, "txt", folder / "transcript.txt")
            stack.service.save(call_id, "json", folder / "transcript.json")
        if picture:
            _save_picture(console, picture)
        _where_to_look(console, folder, "Every line came, in order." if expected else "The call is over.")


@app.command()
def dev(
    sounds: Audio = None,
    dialogue: Script = _DIALOGUE,
    speed: Speed = 1.0,
    port: Port = SERVICE_PORT,
    ws_port: WsPort = SOCKETS_PORT,
    emulator_port: EmulatorPort = EMULATOR_PORT,
    folder: Folder = Path(".callscribe"),
    verbose: Verbose = False,
) -> None:
    """Do the same as `demo`, and stay up until Ctrl-C: an installation to develop against."""
    console = Console(highlight=False)
    with _told(console) as kept:
        speech, expected = _speech(sounds, dialogue)
        ports = settled(Ports(port, ws_port, emulator_port))
        place = lasting_folder(folder)
        if verbose:
            kept.append(place)
        try:
            with running(ports, place, Screen(console, {}).say, speed=speed) as stack:
                call_id = _one_call(stack, console, speech, expected)
                _box(stack, console, call_id)
                _stay(stack, console, speech, expected)
        except KeyboardInterrupt:
            console.print("Stopped.")


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
def emulator(context: typer.Context) -> None:
    """Run the ACS emulator by itself; all options are its own, and --help shows them."""
    raise typer.Exit(foreground("acs_emulator", context.args))


def main() -> None:
    """The program `callscribe`."""
    app(prog_name="callscribe")


def _one_call(stack: Stack, console: Console, speech: dict[str, Any], expected: tuple[Line, ...]) -> str:
    """Let one call happen and be printed. Raises Trouble where a line of the dialogue did not come in its place."""
    call_id = ring(stack, speech)
    with Screen(console, stack.names) as screen:
        screen.say("A caller rings, callscribe answers and adds an agent:")
        lines = follow(stack, call_id, screen)
    if not lines:
        raise Trouble("The call ended without a word.")
    if lost := dialogues.missing(expected, lines):
        raise Trouble(f'A line of the dialogue did not come in its place: {lost[0]}, "{lost[1]}".')
    verify(stack, call_id, lines)
    return call_id


def _speech(sounds: list[str] | None, dialogue: Path) -> tuple[dict[str, Any], tuple[Line, ...]]:
    """What the emulator is told to speak, and the lines that must come back; none are known of a recording."""
    if sounds:
        return {"audio": audio.speech(audio.paths(sounds))}, ()
    script = dialogues.load(dialogue)
    return {"dialogue": script.script}, script.lines


def _where_to_look(console: Console, folder: Path, title: str) -> None:
    Screen(console, {}).box(
        title,
        {
            "transcript": str(folder / "transcript.txt"),
            "with word times": str(folder / "transcript.json"),
            "logs, database": str(folder),
            "to look around": "make dev",
        },
    )


def _box(stack: Stack, console: Console, call_id: str) -> None:
    Screen(console, {}).box(
        "callscribe is up; Ctrl-C stops it",
        {
            "API": f"{stack.ports.service_url}/docs",
            "this call": f"{stack.ports.service_url}/v1/calls/{call_id}/transcript",
            "development key": stack.key,
            "transcript sockets": stack.ports.sockets_url.replace("http", "ws", 1),
            "emulator": f"{stack.ports.emulator_url}/_emulator/journal",
            "logs, database": str(stack.folder),
            "try": f"curl -H 'Authorization: Bearer {stack.key}' {stack.ports.service_url}/v1/calls",
        },
    )


def _stay(stack: Stack, console: Console, speech: dict[str, Any], expected: tuple[Line, ...]) -> None:
    """Watch the programs until Ctrl-C; in a terminal, Enter lets another caller ring."""
    if sys.stdin.isatty():
        console.print("Enter lets another caller ring.")
    while True:
        stack.check()
        watched = [sys.stdin] if sys.stdin.isatty() else []
        if select.select(watched, [], [], 1.0)[0] and sys.stdin.readline():
            _one_call(stack, console, speech, expected)


def _camera() -> Console:
    """A console that remembers what it printed; no lines grow on it, since a picture shows the end."""
    return Console(record=True, force_terminal=False, width=96, highlight=False)


def _save_picture(console: Console, path: Path) -> None:
    """Without the fonts that rich would have a reader's browser fetch from elsewhere."""
    path.write_text(_FONTS.sub("", console.export_svg(title="make demo")), encoding="utf-8")


@contextmanager
def _told(console: Console) -> Iterator[list[Path]]:
    """Ends the program with one sentence where there is trouble; folders put on the list show their logs as well."""
    folders: list[Path] = []
    try:
        yield folders
    except Trouble as trouble:
        for log in (path for folder in folders for path in sorted(folder.glob("*.log"))):
            console.print("\n".join([f"--- {log}", *tail(log)]), markup=False, soft_wrap=True)
        print(f"callscribe: {trouble}", file=sys.stderr)
        raise typer.Exit(1) from trouble
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


if __name__ == "__main__":
    main()
