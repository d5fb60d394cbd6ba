"""The api-versions of Call Automation, and what each of them knows.

Source: the generated operations and models of the SDKs' releases, compared. Versions are dates: their order as text is
their order in time, and a preview comes behind a release of the same day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

PREVIEW = "2025-08-15-preview"
"""The version with language identification, PII redaction, sentiment and call summaries; 2026-03-12 dropped them."""
RELEASES = (
    "2023-03-06",
    "2023-10-15",
    "2024-04-15",
    "2024-09-15",
    "2025-05-15",
    "2025-06-15",
    "2026-03-12",
)
NEWEST = RELEASES[-1]
IDENTITY_RELEASES = ("2021-03-07", "2022-06-01", "2022-10-01", "2023-10-01", "2025-06-30", "2026-07-22")
"""Of `/identities`, which has versions of its own."""
_PREVIEW_FORM = re.compile(r"20(2[3-9]|[3-9]\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])-preview")

_SINCE = {
    "mute": ("2023-06-15-preview", "2023-10-15"),
    "cancelAddParticipant": ("2023-10-03-preview", "2023-10-15"),
    "startContinuousDtmfRecognition": ("2023-06-15-preview", "2023-10-15"),
    "stopContinuousDtmfRecognition": ("2023-06-15-preview", "2023-10-15"),
    "sendDtmfTones": ("2023-06-15-preview", "2023-10-15"),
    "connect": ("2024-06-15-preview", "2024-09-15"),
    "hold": ("2024-06-15-preview", "2024-09-15"),
    "unhold": ("2024-06-15-preview", "2024-09-15"),
    "startTranscription": ("2024-06-15-preview", "2025-05-15"),
    "stopTranscription": ("2024-06-15-preview", "2025-05-15"),
    "updateTranscription": ("2024-06-15-preview", "2025-05-15"),
    "startMediaStreaming": ("2024-06-15-preview", "2025-05-15"),
    "stopMediaStreaming": ("2024-06-15-preview", "2025-05-15"),
    "moveParticipants": (PREVIEW, "2026-03-12"),
}
"""The first preview and the first release with an operation, where it is not in all of them. Read from the operations
of the Python SDK's releases 1.0.0 to 1.6.0 and their betas; the preview with `cancelAddParticipant` is from the REST
specification."""
_PREVIEW_ONLY = frozenset({"summarizeCall"})


def is_known(version: str, releases: Sequence[str] = RELEASES) -> bool:
    """Whether requests with this api-version are taken: every release, and previews of any date.

    That previews of other dates than PREVIEW's are taken is the emulator's choice: their clients differ in members that
    are ignored where nobody knows them.
    """
    return version in releases or _PREVIEW_FORM.fullmatch(version) is not None


def is_preview(version: str) -> bool:
    """Whether the features of PREVIEW are there, which no release has."""
    return version == PREVIEW


def at_least(version: str, since: str) -> bool:
    """Whether a version is as new as another."""
    return version >= since


def has_operation(version: str, operation: str) -> bool:
    """Whether a version has an operation, by its name in `operations`."""
    if operation in _PREVIEW_ONLY:
        return is_preview(version)
    preview, release = _SINCE.get(operation, ("", ""))
    return at_least(version, preview if version.endswith("-preview") else release)


def camel_case_recording_kinds(version: str) -> bool:
    """Whether recording and storage kinds begin in lower case: `azureCommunicationServices`, no longer
    `AzureCommunicationServices`."""
    return at_least(version, "2026-03-12")


def diagnostics(version: str) -> bool:
    """Whether `resultInformation` has `sipDetails` and `q850Details`."""
    return at_least(version, PREVIEW)


def result_information(version: str) -> bool:
    """Whether events have `resultInformation`; as captured, those of one version alone have none."""
    return version != "2024-04-15"
