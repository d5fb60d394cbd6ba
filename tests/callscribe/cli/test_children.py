"""Programs that a command starts."""

import os
import signal
from pathlib import Path

import pytest

from callscribe.cli.children import Child, ended_at_last, foreground, run, tail, wait_until
from callscribe.cli.trouble import Trouble

_DEAF = """
import pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("deaf-is-ready").touch()
time.sleep(60)
"""


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Modules in the temporary folder can be started."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asleep.py").write_text("import time; print('ready', flush=True); time.sleep(60)")
    (tmp_path / "dies.py").write_text("raise SystemExit('no luck today')")
    (tmp_path / "says.py").write_text("import sys; print(sys.argv[1:])")
    (tmp_path / "deaf.py").write_text(_DEAF)
    return dict(os.environ)


def test_what_a_short_program_prints_is_given(env: dict[str, str]) -> None:
    """Its standard output alone."""
    assert run("says", ["a", "b"], env) == "['a', 'b']\n"


def test_a_short_program_that_fails_is_told_with_its_last_line(env: dict[str, str]) -> None:
    """Enough to go on."""
    with pytest.raises(Trouble, match="python -m dies x failed: no luck today"):
        run("dies", ["x"], env)


def test_a_program_that_ended_by_itself_is_trouble(env: dict[str, str], tmp_path: Path) -> None:
    """Its last line and its log are named."""
    with ended_at_last() as children:
        children.append(Child("dies", [], env, tmp_path))
        with pytest.raises(Trouble, match=r"dies ended by itself \(status 1\): no luck today .*dies\.log"):
            wait_until(lambda: False, children, "Starting", 10)


def asleep(env: dict[str, str], folder: Path, children: list[Child]) -> Child:
    """A program that runs until it is ended."""
    child = Child("asleep", [], env, folder)
    children.append(child)
    wait_until(lambda: tail(child.log) == ["ready"], children, "Starting", 10)
    return child


def test_programs_are_ended_when_the_block_is_left(env: dict[str, str], tmp_path: Path) -> None:
    """By being asked."""
    with ended_at_last() as children:
        child = asleep(env, tmp_path, children)
    with pytest.raises(Trouble, match="status -15"):
        child.check()


def test_a_program_that_does_not_listen_is_killed(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some patience."""
    monkeypatch.setattr("callscribe.cli.children._PATIENCE", 0.1)
    with ended_at_last() as children:
        child = Child("deaf", [], env, tmp_path)
        children.append(child)
        wait_until((tmp_path / "deaf-is-ready").exists, children, "Starting", 10)
    with pytest.raises(Trouble, match="status -9"):
        child.check()


def test_sigterm_ends_the_programs_as_well(env: dict[str, str], tmp_path: Path) -> None:
    """A supervisor that stops the command leaves no orphans."""
    before = signal.getsignal(signal.SIGTERM)
    started: list[Child] = []

    def interrupted() -> None:
        with ended_at_last() as children:
            started.append(asleep(env, tmp_path, children))
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(Trouble, match="status -15"):
        started[0].check()
    assert signal.getsignal(signal.SIGTERM) is before


def test_waiting_ends_when_the_time_is_over() -> None:
    """Nobody waits for ever."""
    with pytest.raises(Trouble, match="The call took longer than 0 seconds"):
        wait_until(lambda: False, [], "The call", 0)


def test_a_program_in_the_foreground_gets_its_arguments(
    env: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    """And writes where we write; its exit code is ours."""
    assert foreground("says", ["--help", "-x"]) == 0
    assert foreground("dies", []) == 1
    assert capfd.readouterr().out == "['--help', '-x']\n"
