"""Callback events as ACS writes them: CloudEvents with two members that no SDK model has."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from acs_emulator.calls.call import Leg
from acs_emulator.clock import timestamp
from acs_emulator.rest import versions


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """`SipDiagnosticInfo` of the wire: a SIP response or a Q.850 cause."""

    code: int
    message: str

    def to_json(self) -> dict[str, object]:
        return {"code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Result:
    """`resultInformation` of an event."""

    code: int = 200
    sub_code: int = 0
    message: str = ""
    sip: Diagnostics | None = None
    q850: Diagnostics | None = None

    def to_json(self, *, diagnostics: bool = True) -> dict[str, object]:
        """`diagnostics`: whether the api-version knows `sipDetails` and `q850Details`."""
        shown: dict[str, object] = {"code": self.code, "subCode": self.sub_code, "message": self.message}
        if diagnostics and self.sip:
            shown["sipDetails"] = self.sip.to_json()
        if diagnostics and self.q850:
            shown["q850Details"] = self.q850.to_json()
        return shown


@dataclass(frozen=True, slots=True)
class Told:
    """With what context an operation's event goes, and where to."""

    context: str | None = None
    callback_uri: str | None = None


UNTOLD = Told()
OK = Result()
MEDIA_OK = Result(message="Action completed successfully.")
CANCELED = Result(400, 8508, "Action failed, the operation was canceled.")


def callback(
    leg: Leg,
    name: str,
    *,
    result: Result = OK,
    operation_context: str | None = None,
    fields: Mapping[str, object] | None = None,
    source: str | None = None,
) -> dict[str, object]:
    """The event `Microsoft.Communication.{name}` of one call connection, with the member order of the captures."""
    event_type = f"Microsoft.Communication.{name}"
    source = source or f"calling/callConnections/{leg.connection_id}"
    data: dict[str, object] = {**(fields or {}), "version": leg.api_version}
    if operation_context is not None:
        data["operationContext"] = operation_context
    if versions.result_information(leg.api_version):
        data["resultInformation"] = result.to_json(diagnostics=versions.diagnostics(leg.api_version))
    data |= {
        "callConnectionId": leg.connection_id,
        "serverCallId": leg.server_call_id,
        "correlationId": leg.correlation_id,
        "publicEventType": event_type,
    }
    return {
        "id": str(uuid.uuid4()),
        "source": source,
        "type": event_type,
        "data": data,
        "time": timestamp(time.time_ns()),
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "subject": source,
    }


def body(event: Mapping[str, object]) -> bytes:
    """The wire body: an array of one, every `+` escaped, as captured."""
    return json.dumps([event], ensure_ascii=False, separators=(",", ":")).replace("+", "\\u002B").encode()
