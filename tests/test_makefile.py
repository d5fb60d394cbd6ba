"""`make`, as somebody uses it who has just cloned."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OLD = """#!/bin/sh
exec python3 -c 'import sys; sys.version_info = (3, 9, 2); exec(sys.argv[1])' "$2"
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what the Makefile looks at, and no virtual environment."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(clone: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words],
        cwd=clone, env={"PATH": "/usr/local/bin:/usr/bin:/bin", **env},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("target", ["demo", "dev"])
def test_a_demonstration_installs_what_running_needs(clone: Path, target: str) -> None:
    """No tools of development: the first one takes less than a minute."""
    plan = make(clone, "-n", target)

    assert plan.returncode == 0, plan.stderr
    assert "--require-hashes -r requirements.lock" in plan.stdout
    assert "requirements-dev.lock" not in plan.stdout
    assert "install -e" not in plan.stdout


@pytest.mark.parametrize("target", ["test", "lint", "types", "formatted"])
def test_development_adds_its_tools(clone: Path, target: str) -> None:
    """On top of what running needs."""
    plan = make(clone, "-n", target).stdout

    assert (
        0 < plan.index("-r requirements.lock") < plan.index("-r requirements-dev.lock") < plan.index("-e .")
    )


def test_a_python_that_is_too_old_is_one_sentence(clone: Path) -> None:
    """Also where it was named by hand; nothing is set up."""
    old = clone / "python3.9"
    old.write_text(OLD)
    old.chmod(0o755)
    done = make(clone, "demo", f"PYTHON={old}")

    assert done.returncode == 2
    assert done.stderr.startswith(f"{old} is not Python 3.11 or newer; name another: make demo PYTHON=")
    assert not (clone / ".venv").exists()


def test_a_python_that_is_not_there_is_one_sentence(clone: Path) -> None:
    """It is named."""
    done = make(clone, "demo", "PYTHON=/nowhere/python3")

    assert done.returncode == 2
    assert done.stderr.startswith("There is no program /nowhere/python3; name a Python")


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({}, "No ACS resource is named: set CALLSCRIBE_ACS_CONNECTION_STRING"),
        ({"LIVE_TARGET": "+14255550100"}, "No ACS resource is named"),
        ({"CALLSCRIBE_ACS_ENDPOINT": "https://x"}, "Nobody to call is named: set LIVE_TARGET"),
    ],
)
def test_a_live_call_needs_a_resource_and_somebody_to_call(
    clone: Path, env: dict[str, str], says: str
) -> None:
    """One sentence, and nothing is set up."""
    done = make(clone, "live", **env)

    assert done.stdout.startswith(says)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert not (clone / ".venv").exists()
