import json
import time

import pytest

from acs_emulator.body import MAX_DEPTH, flaw


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": "\xff"}', "is not UTF-8"),
        ('{"a": "Grüße"}'.encode("utf-16"), "is not UTF-8"),
        ("{}".encode("utf-16-le"), "is not UTF-8"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "is nested deeper than 64 levels"),
        (b'{"a":' * 100_000, "is nested deeper than 64 levels"),
        (b'{"a": NaN}', "holds NaN, which is no number"),
        (b'{"a": [-Infinity]}', "holds -Infinity, which is no number"),
        (b'{"a": 1e999}', "holds 1e999, which is no number"),
        (b'{"a": "\\ud83d"}', "holds half a character"),
        (b'{"\\uDE00": 1}', "holds half a character"),
    ],
)
def test_json_that_could_not_be_kept_or_shown(body: bytes, said: str) -> None:
    """Each says what is wrong with it."""
    assert flaw(body) == said


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"a": "\\ud83d\\ude00 NaN Infinity", "b": 1.5e3}',
        json.dumps({"a": "[" * 1000 + '"\\' + "{" * 1000}).encode(),
        b"[" + b"[]," * 1000 + b"[]]",
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b'{"a":',
    ],
)
def test_other_bodies(body: bytes) -> None:
    """Good JSON has no flaw; what is no JSON at all is left to whoever reads it."""
    assert flaw(body) is None


def test_a_string_that_never_ends() -> None:
    """A body that is made to be slow is looked at in a time that grows with its length."""
    began = time.process_time()
    flaw(b"[" * 100 + b'"' + b'\\"' * 500_000)
    assert time.process_time() - began < 2
