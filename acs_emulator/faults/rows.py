"""The documented rows of TranscriptionFailed, by name."""

from __future__ import annotations

from acs_emulator.faults.kinds import TranscriptionFailed
from acs_emulator.transcription import failures
from acs_emulator.transcription.failures import Failure

ROWS = {
    name.lower().replace("_", "-"): row for name, row in vars(failures).items() if isinstance(row, Failure)
}


class NoSuchRow(ValueError):
    """No documented failure has this name; the message lists those there are."""


def resolved(fault: TranscriptionFailed) -> TranscriptionFailed:
    """With code, subCode, message and details of the row that it names. Raises NoSuchRow."""
    if fault.name is None:
        return fault
    row = ROWS.get(fault.name)
    if row is None:
        raise NoSuchRow(f"no row {fault.name}; one of: {', '.join(sorted(ROWS))}")
    members = {"code": row.code, "sub_code": row.sub_code, "message": row.message, "details": row.details}
    return fault.model_copy(update=members)
