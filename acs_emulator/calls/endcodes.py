"""Why calls end, and why nobody answers: codes, sub codes and what a carrier adds to them.

Codes and messages: azure-docs, "Understanding Server codes and subcodes", "PSTN call response codes" and "Call
Automation SDK error codes"; the tables' code 0 is 200 in events, as captured. `sipDetails` and `q850Details` come from the
carrier, so VoIP calls have none; which cause goes with which code is read from RFC 3398, and that every call on PSTN has
them is a guess.
"""

from __future__ import annotations

from acs_emulator.identifiers import is_phone_number
from acs_emulator.outgoing.events import Diagnostics, Result

_NORMAL_CLEARING = Diagnostics(16, "Normal call clearing")
_OK = Diagnostics(200, "OK")
_TERMINATED = Diagnostics(487, "Request Terminated")

ENDED_BY_THIS_APP = Result(
    200,
    7000,
    "Call was ended by Azure Communication Service Call Automation API or a server bot. DiagCode: 0#7000.@",
)
ENDED_BY_AN_APP = Result(200, 7000, "The conversation has ended. DiagCode: 0#7000.@")
TRANSFERRED_AWAY = ENDED_BY_AN_APP
"""What the application's own leg is told after a transfer; undocumented, a guess."""
ENDED_BY_PSTN_CALLER = Result(
    200, 540000, "Call ended successfully by local PSTN caller.", _OK, _NORMAL_CLEARING
)
ENDED_BY_PSTN_CALLEE = Result(
    200, 560000, "Call ended successfully by remote PSTN participant.", _OK, _NORMAL_CLEARING
)
ENDED_BY_USER = Result(200, 5001, "This conversation has ended.. DiagCode: 0#5001.@")
ENDED_BY_ORGANIZER = Result(
    200, 4097, "Call ended for all users by the meeting organizer. DiagCode: 0#4097.@"
)
REMOVED = Result(
    200,
    5300,
    "Call ended for this participant as it was removed from the conversation by another participant. "
    "DiagCode: 0#5300.@",
)
DROPPED = Result(
    410,
    301005,
    "Participant was removed from the call by the Azure Communication Services infrastructure due to loss of media "
    "connectivity with Azure Communication Services infrastructure. DiagCode: 410#301005.@",
)

BUSY = Result(486, 0, "Busy Here. DiagCode: 486#0.@")
DECLINED = Result(603, 0, "Decline. DiagCode: 603#0.@")
FORBIDDEN = Result(403, 0, "Forbidden. DiagCode: 403#0.@")
NO_ANSWER = Result(
    487,
    10004,
    "Call was canceled on timeout, no callee endpoint accepted on time. DiagCode: 487#10004.@",
)
DECLINED_EVERYWHERE = Result(
    487,
    10024,
    "Call ended successfully as it was declined by all callee endpoint. DiagCode: 487#10024.@",
)
SPAM = Result(
    403, 510403, "Call ended, as it has been marked as a spam and got blocked. DiagCode: 403#510403.@"
)
PSTN_BUSY = Result(
    486,
    560486,
    "Call ended because remote PSTN participant was busy. DiagCode: 486#560486.@",
    Diagnostics(486, "Busy Here"),
    Diagnostics(17, "User busy"),
)
PSTN_DECLINED = Result(
    603,
    560603,
    "Call declined by the recipient. DiagCode: 603#560603.@",
    Diagnostics(603, "Decline"),
    Diagnostics(21, "Call rejected"),
)
PSTN_FORBIDDEN = Result(
    403,
    560403,
    "Call rejected. DiagCode: 403#560403.@",
    Diagnostics(403, "Forbidden"),
    Diagnostics(21, "Call rejected"),
)
PSTN_NO_ANSWER = Result(
    480,
    560480,
    "No answer from the called user. DiagCode: 480#560480.@",
    Diagnostics(480, "Temporarily Unavailable"),
    Diagnostics(19, "No answer from user"),
)

_CANCELED_TEXT = "Call ended successfully as caller canceled the call."
CANCELED = Result(487, 0, f"{_CANCELED_TEXT} DiagCode: 487#0.@")
CANCELED_BY_PSTN_CALLER = Result(
    487, 540487, f"{_CANCELED_TEXT} DiagCode: 487#540487.@", _TERMINATED, _NORMAL_CLEARING
)
CANCELED_TOWARDS_PSTN = Result(
    487, 560487, f"{_CANCELED_TEXT} DiagCode: 487#560487.@", _TERMINATED, _NORMAL_CLEARING
)
"""The table gives the code 497 here, which no other row of that sub code's form has; taken for a slip of the pen."""

PARTICIPANT_NOT_FOUND = Result(404, 8522, "Participant not found.")
NO_SUCH_INVITATION = Result(404, 8522, "Invitation not found.")
PARTICIPANT_NOT_PRESENT = Result(400, 8558, "Action failed, the participant is not present in the call.")
"""Sub code 8558, "Participant Not Present"; that it comes with 400 is a guess."""


def rejected(callee: str, reason: str) -> Result:
    """What a caller is told whose call to `callee` the application rejects; `reason` is none, busy or forbidden.

    Captured: none on a VoIP call. The others are a guess.
    """
    pstn = is_phone_number(callee)
    if reason == "busy":
        return PSTN_BUSY if pstn else BUSY
    if reason == "forbidden":
        return PSTN_FORBIDDEN if pstn else FORBIDDEN
    return PSTN_DECLINED if pstn else DECLINED


def canceled(callee: str) -> Result:
    """What the application is told that hangs up while `callee` rings."""
    return CANCELED_TOWARDS_PSTN if is_phone_number(callee) else CANCELED


def canceled_by(caller: str) -> Result:
    """What the application is told that answers while the caller hangs up."""
    return CANCELED_BY_PSTN_CALLER if is_phone_number(caller) else CANCELED
