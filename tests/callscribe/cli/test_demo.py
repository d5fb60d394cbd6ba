"""The demonstration, as a user starts it."""

import re
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from callscribe.cli.dialogues import load

DIALOGUE = Path(__file__).parents[3] / "examples/dialogues/lost-parcel.json"
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
FREE = ["--port", "0", "--ws-port", "0", "--emulator-port", "0"]


def callscribe(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callscribe.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a demonstration leaves behind goes here."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_call_is_printed_line_by_line(folder: Path) -> None:
    """Every line of the dialogue, in order, with time and speaker; and it stays to be read afterwards."""
    done = callscribe("demo", *FREE, "--speed", "6", "--verbose")

    assert done.returncode == 0, done.stderr
    printed = re.findall(r"^\d\d:\d\d  (\w+) +(.+)$", done.stdout, re.MULTILINE)
    assert printed == list(load(DIALOGUE).lines)
    (kept,) = folder.glob("callscribe-demo-*")
    assert f"{kept}/transcript.txt" in done.stdout
    assert "Bye!" in (kept / "transcript.txt").read_text(encoding="utf-8")


def test_nothing_that_was_said_is_in_the_log(folder: Path) -> None:
    """Neither words nor numbers nor the capabilities in paths."""
    said = [{"speaker": "caller", "text": "Heliotrope."}, {"speaker": "agent", "text": "Heliotrope indeed."}]
    dialogue = folder / "short.json"
    dialogue.write_text('{"turns": ' + str(said).replace("'", '"') + "}")
    done = callscribe("demo", *FREE, "--dialogue", str(dialogue), "--speed", "6")

    assert done.returncode == 0, done.stderr
    (kept,) = folder.glob("callscribe-demo-*")
    log = (kept / "onebox.log").read_text(encoding="utf-8")
    assert "/azure/events" in log
    assert not re.search(r"(?i)heliotrope|4255550123|/azure/callbacks/[\w-]|/transcripts/[\w-]", log)


@pytest.mark.speech
@pytest.mark.skipif(find_spec("faster_whisper") is None, reason="make speech was not run")
@pytest.mark.skipif(not PROMPTS.is_dir(), reason="asterisk-core-sounds-en-wav is not installed")
def test_recorded_people_are_understood(folder: Path) -> None:
    """Two prompts as two speakers, each line with whoever said it."""
    prompts = f"{PROMPTS}/vm-leavemsg.wav,{PROMPTS}/conf-onlyperson.wav"
    done = callscribe("demo", *FREE, "--audio", prompts)
    if "make speech" in done.stderr:
        pytest.skip(done.stderr)

    assert done.returncode == 0, done.stderr
    caller, agent = re.findall(r"^\d\d:\d\d  (\w+) +(.+)$", done.stdout, re.MULTILINE)
    assert caller[0] == "caller"
    assert "leave a message" in caller[1]
    assert agent[0] == "agent"
    assert "only person in this conference" in agent[1]


def test_a_busy_port_is_one_sentence(folder: Path) -> None:
    """It names the port and how to choose another; nothing is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = callscribe("demo", "--port", str(port), "--ws-port", "0", "--emulator-port", "0")

    assert done.returncode == 1
    assert re.fullmatch(rf"callscribe: Port {port} of the service is busy; .*--port NUMBER.*\n", done.stderr)
    assert done.stdout == ""
    assert list(folder.iterdir()) == []


def test_a_dialogue_that_cannot_be_read_is_one_sentence(folder: Path) -> None:
    """Before anything is started."""
    done = callscribe("demo", "--dialogue", str(folder / "nothing.json"))

    assert done.returncode == 1
    assert (
        done.stderr
        == f"callscribe: The dialogue {folder}/nothing.json cannot be read (No such file or directory).\n"
    )
