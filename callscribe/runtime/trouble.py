"""What stops a program at its start, told in sentences and an exit status."""

import sys
from collections.abc import Callable
from functools import wraps

from callscribe.domain.errors import CallscribeError
from callscribe.runtime.listening import PortUnusable
from callscribe.runtime.settings import SettingsRejected

WRONG_SETTINGS = 2
CANNOT_GO_ON = 1


def told(main: Callable[[], None]) -> Callable[[], int]:
    """A program's main as one that gives its exit status: 0, or else what was wrong went to standard error."""

    @wraps(main)
    def run() -> int:
        try:
            main()
        except (SettingsRejected, PortUnusable) as fault:
            sys.stderr.write(f"{fault}\n")
            return WRONG_SETTINGS
        except CallscribeError as error:
            sys.stderr.write(f"{sentences(error)}\n")
            return CANNOT_GO_ON
        return 0

    return run


def sentences(error: CallscribeError) -> str:
    """What happened and what to do, for whoever started the program: "title: detail. remedy"."""
    detail = error.detail.removesuffix(".")
    what = error.title if detail == error.title else f"{error.title}: {detail}"
    return f"{what}. {error.remedy}"
