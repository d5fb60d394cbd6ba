"""What ACS's result numbers say about the end of a call."""

import msgspec


class Diagnostic(msgspec.Struct, frozen=True):
    """A code of the telephone network beside ACS's own: of SIP (RFC 3261) or of ISUP (ITU-T Q.850)."""

    code: int
    message: str = ""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """The numbers and words with which ACS tells how something ended."""

    code: int
    sub_code: int = 0
    message: str = ""
    sip: Diagnostic | None = None
    q850: Diagnostic | None = None


class CallEnd(msgspec.Struct, frozen=True):
    """Why a call ended."""

    reason: str
    """A stable name, such as `declined`."""
    text: str
    normal: bool
    """Nothing failed: somebody ended, cancelled, declined or did not answer the call (Q.850 calls it normal)."""


# Source: Microsoft's troubleshooting codes for calls; 0/5001 from a capture.
_ENDS: dict[tuple[int, int], CallEnd] = {
    (0, 0): CallEnd("hung-up", "The call was hung up.", True),
    (487, 0): CallEnd("caller-cancelled", "The caller cancelled before anybody answered.", True),
    (603, 0): CallEnd("declined", "The call was declined.", True),
    (0, 4097): CallEnd("ended-by-organizer", "The organizer ended the call for everyone.", True),
    (495, 4507): CallEnd("bad-token", "A party's access token was not valid.", False),
    (0, 5000): CallEnd("removed", "Another participant removed this one from the call.", True),
    (0, 5001): CallEnd("conversation-ended", "The conversation has ended.", True),
    (0, 5003): CallEnd("ended-by-service", "The service ended the call.", True),
    (0, 5300): CallEnd("removed", "Another participant removed this one from the call.", True),
    (0, 7000): CallEnd("ended-by-platform", "Call Automation, or a bot of the server, ended the call.", True),
    (487, 10003): CallEnd("accepted-elsewhere", "The call was accepted on another device.", True),
    (487, 10004): CallEnd("not-answered", "Nobody answered in time.", True),
    (487, 10024): CallEnd("declined-everywhere", "The call was declined on every device.", True),
    (410, 301005): CallEnd("media-lost", "The connection for sound was lost.", False),
    (403, 510403): CallEnd("blocked-as-spam", "The telephone network blocked the call as spam.", False),
}

# SIP status codes as telephone networks use them (RFC 3261 section 21; 607: RFC 8197; 608: RFC 8688).
_PSTN_ENDS: dict[int, CallEnd] = {
    0: CallEnd("pstn-ended", "The party on the telephone network ended the call.", True),
    403: CallEnd("pstn-forbidden", "The telephone network does not allow the call.", False),
    404: CallEnd("number-not-found", "The number called does not exist.", False),
    408: CallEnd("not-answered", "Nobody answered in time.", True),
    410: CallEnd("number-gone", "The number called is no longer in use.", False),
    480: CallEnd("unavailable", "The party called cannot be reached now.", True),
    484: CallEnd("number-incomplete", "The number called is incomplete or badly formed.", False),
    486: CallEnd("busy", "The number called is busy.", True),
    487: CallEnd("caller-cancelled", "The caller cancelled before anybody answered.", True),
    503: CallEnd("pstn-unavailable", "The telephone network is unavailable.", False),
    504: CallEnd("pstn-timeout", "The telephone network did not answer in time.", False),
    600: CallEnd("busy", "The number called is busy.", True),
    603: CallEnd("declined", "The call was declined.", True),
    604: CallEnd("number-not-found", "The number called does not exist.", False),
    607: CallEnd("unwanted", "The party called does not want calls from this number.", False),
    608: CallEnd("blocked-as-spam", "The telephone network blocked the call as spam.", False),
}


def explain(code: int, sub_code: int) -> CallEnd:
    """Why a call with this result ended.

    A code of 200 in callbacks is the 0 of Microsoft's tables. Sub codes 5xxNNN come from the telephone network
    and embed the SIP status NNN, or 000 where a party ended the call. A pair that says nothing known has the
    reason `unknown` and its numbers in the text.
    """
    end = _ENDS.get((0 if code == 200 else code, sub_code))
    if end is not None:
        return end
    sip = sub_code % 1000
    if 500_000 <= sub_code < 600_000 and (sip == 0 or 300 <= sip < 700):
        return _PSTN_ENDS.get(sip) or CallEnd(
            "pstn-failed", f"The telephone network answered SIP {sip}.", False
        )
    return CallEnd("unknown", f"The call ended with {code}/{sub_code}, which is not documented.", False)
