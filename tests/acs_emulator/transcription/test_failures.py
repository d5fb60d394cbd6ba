import json
from pathlib import Path

import pytest

from acs_emulator.transcription.failures import FAILURES, documented, of_locale

ROWS = json.loads((Path(__file__).parents[2] / "golden" / "acs" / "transcription_failures.json").read_text())


def test_every_documented_row_is_known() -> None:
    """Code, sub code and message of each, and no others."""
    known = {(row.code, row.sub_code, row.message) for row in FAILURES}
    rows = {(row["code"], row["subCode"], row["message"]) for row in ROWS["rows"] + ROWS["alternates"]}
    assert known == rows


def test_a_row_on_demand() -> None:
    """The first of its pair, the one of the message, or, for an unknown pair, one made up."""
    assert documented(400, 8523, None, None).message == "Invalid Request, locale is missing."
    forbidden = documented(403, 8565, None, None)
    assert forbidden.details == "forbidden"
    new = documented(418, 1, "Teapot.", "badRequest")
    assert (new.code, new.sub_code, new.message, new.details) == (418, 1, "Teapot.", "badRequest")


@pytest.mark.parametrize("locale", ["en-US", "en-us", "zh-Hans-CN", "sr-Latn-RS", "es-419", "zh-CN-shandong"])
def test_locales_with_a_region(locale: str) -> None:
    """Speech listens for them."""
    assert of_locale(locale) is None


@pytest.mark.parametrize("locale", [None, "", "en", "en_US", "en-US-JennyNeural", "x"])
def test_what_is_no_locale(locale: str | None) -> None:
    """Each is refused."""
    assert of_locale(locale) is not None
