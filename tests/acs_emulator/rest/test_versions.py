import pytest

from acs_emulator.rest import versions
from acs_emulator.rest.operations import NAMES

CALLING = NAMES - {
    "createIdentity",
    "deleteIdentity",
    "issueAccessToken",
    "revokeAccessTokens",
    "exchangeTeamsUserAccessToken",
}


def _operations(version: str) -> int:
    return sum(versions.has_operation(version, name) for name in CALLING)


@pytest.mark.parametrize(
    ("version", "operations"),
    [
        ("2023-03-06", 20),
        ("2023-10-15", 25),
        ("2024-04-15", 25),
        ("2024-09-15", 28),
        ("2025-05-15", 33),
        ("2025-06-15", 33),
        ("2025-08-15-preview", 35),
        ("2026-03-12", 34),
    ],
)
def test_each_version_has_its_operations(version: str, operations: int) -> None:
    """As many as the SDK of that version has; the preview alone summarizes calls."""
    assert versions.is_known(version)
    assert _operations(version) == operations


def test_an_early_preview_has_what_its_release_lost() -> None:
    """Transcription was in the preview of mid 2024, not in the release that followed it."""
    assert versions.has_operation("2024-06-15-preview", "startTranscription")
    assert not versions.has_operation("2024-09-15", "startTranscription")
    assert versions.has_operation("2023-06-15-preview", "mute")
    assert not versions.has_operation("2023-06-15-preview", "cancelAddParticipant")


@pytest.mark.parametrize(
    "version", ["", "latest", "2019-01-01", "2022-04-07-preview", "2026-13-01-preview", "2026-03-12-preview "]
)
def test_what_is_no_version(version: str) -> None:
    """Neither a release nor a preview since 2023."""
    assert not versions.is_known(version)


def test_features() -> None:
    """What callbacks and responses show, by version."""
    assert [v for v in versions.RELEASES if not versions.result_information(v)] == ["2024-04-15"]
    assert [v for v in versions.RELEASES if versions.diagnostics(v)] == ["2026-03-12"]
    assert versions.diagnostics(versions.PREVIEW)
    assert [v for v in versions.RELEASES if versions.camel_case_recording_kinds(v)] == [versions.NEWEST]
    assert not versions.camel_case_recording_kinds(versions.PREVIEW)
    assert versions.is_preview(versions.PREVIEW)
    assert not versions.is_preview("2024-06-15-preview")
    assert versions.at_least("2025-08-15-preview", "2025-06-15")


def test_identities_have_versions_of_their_own() -> None:
    """The release of 2023 that the newest SDKs use, and none of the calling operations'."""
    assert versions.is_known("2023-10-01", versions.IDENTITY_RELEASES)
    assert not versions.is_known("2026-03-12", versions.IDENTITY_RELEASES)
