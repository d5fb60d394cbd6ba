"""`callscribe emulator`"""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx

COMMAND = [sys.executable, "-m", "callscribe.cli", "emulator"]


def test_all_options_are_passed_on() -> None:
    """Also --help, and the exit code of a wrong one."""
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True, timeout=30)
    assert shown.stdout.startswith("usage: python -m acs_emulator")
    wrong = subprocess.run([*COMMAND, "--http-port", "x"], capture_output=True, text=True, timeout=30)
    assert wrong.returncode == 2
    assert (
        wrong.stderr
        == "python -m acs_emulator: argument --http-port: x is no port; --help shows the options.\n"
    )


def test_started_and_stopped(tmp_path: Path) -> None:
    """SIGTERM ends the emulator, and with it the command."""
    ready = tmp_path / "ready.json"
    arguments = ["--http-port", "0", "--https-port", "off", "--ready-file", str(ready)]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("╭")
        url = json.loads(ready.read_text())["httpUrl"]
        assert httpx.get(f"{url}/calling/keys").status_code == 200
        program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0
