"""What whoever started a program is told when it cannot go on."""

import pytest

from callscribe.domain.errors import CallscribeError, DatabaseNotMigrated, KeyNotFound, StoreUnavailable
from callscribe.runtime.listening import PortUnusable
from callscribe.runtime.settings import Fault, SettingsRejected
from callscribe.runtime.trouble import sentences, told


def test_a_program_that_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Says nothing, with status 0."""
    assert told(lambda: None)() == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        (
            SettingsRejected((Fault("A", "is wrong"), Fault("B", "is not set"))),
            2,
            "A is wrong.\nB is not set.\n",
        ),
        (PortUnusable("Port 1 is in use."), 2, "Port 1 is in use.\n"),
        (
            KeyNotFound("no key has this id"),
            1,
            f"No such API key: no key has this id. {KeyNotFound.remedy}\n",
        ),
    ],
)
def test_a_program_that_cannot_go_on(
    fault: Exception, status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sentences on standard error, and a status that tells settings from the rest."""

    @told
    def main() -> None:
        raise fault

    assert main() == status
    assert capsys.readouterr().err == says


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (StoreUnavailable(), f"{StoreUnavailable.title}. {StoreUnavailable.remedy}"),
        (StoreUnavailable("it is full."), f"{StoreUnavailable.title}: it is full. {StoreUnavailable.remedy}"),
        (
            DatabaseNotMigrated("no such table"),
            f"{DatabaseNotMigrated.title}: no such table. Run `python -m service migrate`.",
        ),
    ],
)
def test_one_full_stop_after_each_part(error: CallscribeError, says: str) -> None:
    """Title, detail and remedy, however the detail was written; a detail that only repeats the title is left out."""
    assert sentences(error) == says
