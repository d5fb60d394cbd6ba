import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from azure.communication.callautomation import CallAutomationClient, CommunicationUserIdentifier
from azure.core.credentials import AzureKeyCredential

from acs_emulator.__main__ import _options, _parser, main
from acs_emulator.client import EmulatorClient
from acs_emulator.options import Options

ROOT = Path(__file__).parents[2]


def test_started_and_stopped(tmp_path: Path) -> None:
    """A box for people, a file for programs, exit code 0 on SIGTERM."""
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "acs_emulator", "--http-port", "0", "--https-port", "off"]
    with subprocess.Popen(
        [*command, "--ready-file", str(ready), "--speed", "5"], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        box = [program.stdout.readline() for _ in range(9)]
        told = json.loads(ready.read_text())
        assert any(told["httpUrl"] in line for line in box)
        assert httpx.get(f"{told['httpUrl']}/calling/keys").status_code == 200
        program.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert program.wait(10) == 0
        assert time.monotonic() - started < 10


def test_nothing_is_kept_on_disk(tmp_path: Path) -> None:
    """Unless asked: neither its authority, nor a recording, nor anything temporary. It is asked for the ready file."""
    home, ready = tmp_path / "home", tmp_path / "ready.json"
    home.mkdir()
    command = [sys.executable, "-m", "acs_emulator", "--http-port", "0", "--https-port", "0", "--speed", "20"]
    places = dict.fromkeys(
        ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(home)
    )
    with subprocess.Popen(
        [*command, "--ready-file", str(ready)],
        cwd=home, env={**os.environ, "PYTHONPATH": str(ROOT), **places}, stdout=subprocess.DEVNULL,
    ) as program:  # fmt: skip
        try:
            deadline = time.monotonic() + 20
            while not ready.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            told = json.loads(ready.read_text())
            with (
                EmulatorClient(told["httpUrl"]) as control,
                CallAutomationClient(told["httpUrl"], AzureKeyCredential(told["accessKey"])) as client,
            ):
                leg = client.create_call(
                    CommunicationUserIdentifier("8:acs:a_b"), "http://127.0.0.1:9/nowhere"
                ).call_connection_id
                control.wait_for("call", where={"/what": "established"}, within=20)
                recording = client.start_recording(
                    call_connection_id=leg, recording_state_callback_url="http://127.0.0.1:9/"
                )
                control.say(str(leg), "This is kept in memory.")
                control.wait_for("speech", where={"/what": "ended"}, within=20)
                client.stop_recording(recording.recording_id)
                control.recording()
            assert list(home.rglob("*")) == []
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0
    assert list(home.rglob("*")) == []
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["ready.json"]


def test_a_busy_port(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit code 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["--http-port", str(taken.getsockname()[1])]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "choose another port with --http-port" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--http-port", "70000"], "is no port"),
        (["--https-port", "on"], "is no port"),
        (["--access-key", "§"], "base64"),
        (["--resource-id", "resource"], "is no GUID"),
        (["--speed", "0"], "is no speed"),
        (["--speed", "fast"], "is no speed"),
        (["--access-key", ""], "is not empty"),
        (["--events", "somewhere"], "is no http or https URL"),
        (["--events", "http://[::1"], "is no http or https URL"),
        (["--seed", "-1"], "is no whole number"),
        (["--seed", "9" * 30], "is no whole number"),
        (["--http-port", "9" * 5000], "is no port"),
        (["--http", "1"], "unrecognized arguments"),
        (["start"], "unrecognized arguments"),
    ],
)
def test_wrong_arguments(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Told in one sentence, exit code 2."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert says in said


def options(*words: str) -> Options:
    return _options(_parser().parse_args(words))


def test_ports_that_nobody_chose() -> None:
    """http on 8090 and https on 8443; `off` serves no https."""
    assert (options().http_port, options().https_port) == (8090, 8443)
    assert options("--https-port", "off").https_port is None


def test_what_is_asked_for() -> None:
    """Every option arrives."""
    asked = options(
        *("--http-port", "1", "--https-port", "2", "--access-key", "YQ==", "--seed", "7", "--speed", "20"),
        *(
            "--resource-id",
            "7B2F5A0E6C1D4E539A2B0C4D8E6F1A35",
            "--events",
            "http://a",
            "--events",
            "https://b",
        ),
        *(
            "--ca-file",
            "ca.pem",
            "--ready-file",
            "ready.json",
            "--legacy-offsets",
            "--name",
            "b",
            "--name",
            "c",
        ),
    )
    assert (asked.http_port, asked.https_port, asked.access_key, asked.seed) == (1, 2, "YQ==", 7)
    assert asked.resource_id == "7b2f5a0e-6c1d-4e53-9a2b-0c4d8e6f1a35"
    assert asked.events == ("http://a", "https://b")
    assert (asked.ca_file, asked.ready_file) == (Path("ca.pem"), Path("ready.json"))
    assert asked.names == ("b", "c")
    assert (asked.speed, asked.legacy_offsets) == (20, True)


def test_the_help_shows_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    """Each once, and none for what has no value."""
    with pytest.raises(SystemExit):
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert all(said.count(f"(default: {value})") == 1 for value in ("127.0.0.1", "8090", "8443", "1.0"))
    assert "None" not in said
