"""What the emulator's pages let people copy is run here as it stands, beside an emulator on other ports."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from acs_emulator import options
from acs_emulator.client import EmulatorClient
from tests.sdks import emulated

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "docs/emulator.md", *sorted((ROOT / "docs/emulator").glob("*.md"))]
MODULES = ROOT / "tests/sdks/javascript/node_modules"
NAME = re.compile(r"(?:#|//) (\S+\.(?:py|mjs))\n")
PATIENCE_S = 60
ENTRA = {
    "AZURE_TENANT_ID": options.DEVELOPMENT_TENANT_ID,
    "AZURE_CLIENT_ID": options.DEVELOPMENT_CLIENT_ID,
    "AZURE_CLIENT_SECRET": options.DEVELOPMENT_CLIENT_SECRET,
}


def blocks(language: str) -> list[str]:
    """The code blocks of all pages in this language."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def programs() -> dict[str, str]:
    """The programs that name their file in their first line."""
    named = {found[1]: block for block in [*blocks("python"), *blocks("js")] if (found := NAME.match(block))}
    assert len(named) == len(blocks("python")) + len(blocks("js"))
    return named


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with emulated.emulator() as told:
        endpoint = told["ACS_CONNECTION_STRING"].partition(";")[0].removeprefix("endpoint=")
        yield {**told, **ENTRA, "AZURE_AUTHORITY_HOST": endpoint.rstrip("/")}


@pytest.fixture
def control(environment: dict[str, str]) -> Iterator[EmulatorClient]:
    with EmulatorClient(environment["ACS_CONTROL_URL"]) as client:
        yield client
        client.reset(subscriptions=True)


@pytest.fixture
def written(tmp_path: Path, environment: dict[str, str]) -> Path:
    """The folder with the programs, which find the emulator where it is."""
    for name, text in programs().items():
        (tmp_path / name).write_text(text.replace("http://127.0.0.1:8090", environment["ACS_CONTROL_URL"]))
    return tmp_path


def run(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What it printed."""
    ran = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.usefixtures("control")
def test_python(written: Path, environment: dict[str, str]) -> None:
    """Places a call, speaks, hangs up."""
    told = run([sys.executable, "place_a_call.py"], written, environment).split()
    names = [name.removeprefix("Microsoft.Communication.") for name in told]
    assert [name for name in names if name not in ("ParticipantsUpdated", "PlayStarted")] == [
        "CallConnected",
        "PlayCompleted",
        "CallDisconnected",
    ]


@pytest.mark.usefixtures("control")
@pytest.mark.skipif(not MODULES.is_dir() or not shutil.which("node"), reason="needs make test-sdks' modules")
def test_javascript(written: Path, environment: dict[str, str]) -> None:
    """The same."""
    (written / "node_modules").symlink_to(MODULES)
    told = run(["node", "place_a_call.mjs"], written, environment).split()
    assert [name for name in told if name not in ("ParticipantsUpdated", "PlayStarted")] == [
        "CallConnected",
        "PlayCompleted",
        "CallDisconnected",
    ]


@pytest.fixture
def answering(written: Path, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The asynchronous program, listening, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-u", "answer_a_call.py"]
    own = {**environment, "PORT": str(port)}
    with subprocess.Popen(command, cwd=written, env=own, stdout=subprocess.PIPE, text=True) as program:
        try:
            listening(port)
            yield program, port
        finally:
            program.kill()


@pytest.mark.usefixtures("control")
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_python_asynchronous(
    written: Path, environment: dict[str, str], answering: tuple[subprocess.Popen[str], int]
) -> None:
    """Is subscribed and called by the page's own commands, answers, and prints what the caller says."""
    program, port = answering
    (script,) = [block for block in blocks("sh") if "/_emulator/calls" in block]
    run(["sh", "-ec", led(script, environment, port)], written, environment)
    said = program.communicate(timeout=PATIENCE_S)[0]
    assert "4:+15551230001 Hello, is anybody there?\n4:+15551230001 Good bye, then.\n" in said
    assert program.returncode == 0


def test_a_run_recorded_and_replayed(
    written: Path,
    environment: dict[str, str],
    control: EmulatorClient,
    answering: tuple[subprocess.Popen[str], int],
) -> None:
    """The whole call is in the file: its event, its callbacks and its words."""
    control.subscribe(f"http://127.0.0.1:{answering[1]}/events")
    run([sys.executable, "record_and_replay.py"], written, environment)
    recorded = (written / "run.jsonl").read_text()
    for name in ("IncomingCall", "CallConnected", "TranscriptionData", "CallDisconnected"):
        assert name in recorded


def listening(port: int) -> None:
    """Return once somebody listens there."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nobody listens")


def led(script: str, environment: dict[str, str], port: int) -> str:
    """The script, leading to the emulator and the application of this test."""
    elsewhere = script.replace("http://127.0.0.1:8090", environment["ACS_CONTROL_URL"])
    return elsewhere.replace("127.0.0.1:8080", f"127.0.0.1:{port}")


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_every_other_command_of_the_control_plane(
    environment: dict[str, str], control: EmulatorClient, tmp_path: Path
) -> None:
    """Is taken; the journal is asked for what has happened."""
    scripts = [block for block in blocks("sh") if "/_emulator/" in block and "/_emulator/calls" not in block]
    assert len(scripts) == 3
    for script in scripts:
        run(["sh", "-ec", led(script, environment, 1).replace("&wait=10", "")], tmp_path, environment)
    assert [fault.kind for fault in control.faults()] == ["http", "webhook"]
    assert (control.clock().speed, control.clock().held) == (20, False)


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("name", ["sign_in_with_entra.py", "control.py"])
def test_every_other_program(name: str, written: Path, environment: dict[str, str]) -> None:
    """Ends well."""
    run([sys.executable, name], written, environment)


def test_no_program_is_left_out() -> None:
    """Each named program is run by a test of this file."""
    run_here = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in programs() if f'"{name}"' not in run_here] == []


def test_the_test_of_an_application(written: Path) -> None:
    """The page's own test passes, with nothing but the plugin."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "acs_emulator.pytest_plugin",
    ]
    command += ["--rootdir", str(written), f"--basetemp={written / 'tmp'}", "test_answer_a_call.py"]
    own = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    assert "2 passed" in run(command, written, own)
