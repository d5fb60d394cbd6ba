"""The peers' libraries: from PyPI into a virtual environment, from npm into a folder, both under `build/bench`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.places import PEERS, WORK, Failed

PYTHON = WORK / "venv/bin/python"
NODE = WORK / "node"


def python_peers() -> None:
    """Installs what `peers/requirements.lock` pins, where that has not been done. Raises Failed."""
    lock, done = PEERS / "requirements.lock", WORK / "venv/.locked"
    if _newer(done, lock):
        return
    _run([sys.executable, "-m", "venv", str(WORK / "venv")])
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    _run([*pip, "--require-hashes", "-r", str(lock)])
    done.touch()


def node_peers() -> str | None:
    """Installs what `peers/package-lock.json` pins; why that cannot be done, where it cannot. Raises Failed."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "Node 20 or newer, with npm, is not installed"
    lock, done = PEERS / "package-lock.json", NODE / "node_modules/.locked"
    if not _newer(done, lock):
        NODE.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PEERS / name, NODE)
        _run([npm, "ci", "--silent"], NODE)
        done.touch()
    shutil.copy(PEERS / "node.mjs", NODE)
    return None


def _newer(done: Path, than: Path) -> bool:
    return done.exists() and done.stat().st_mtime >= than.stat().st_mtime


def _run(words: list[str], folder: Path | None = None) -> None:
    ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise Failed(f"{' '.join(words)} failed:\n{ended.stderr[-2000:]}")
