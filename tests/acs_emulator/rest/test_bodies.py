from typing import Any

import pytest
from azure.communication.callautomation import (
    CommunicationUserIdentifier,
    MicrosoftTeamsAppIdentifier,
    MicrosoftTeamsUserIdentifier,
    PhoneNumberIdentifier,
    TeamsExtensionUserIdentifier,
)
from azure.communication.callautomation._utils import serialize_identifier
from pydantic import ValidationError

from acs_emulator.rest.bodies.identifiers import Identifier
from acs_emulator.rest.bodies.media import Play
from acs_emulator.rest.bodies.participants import (
    CancelAddParticipant,
    Hold,
    MuteParticipants,
    TransferToParticipant,
)
from acs_emulator.rest.bodies.recordings import StartRecording
from acs_emulator.rest.bodies.setup import CallLocator, CreateCall, RejectCall


@pytest.mark.parametrize(
    "theirs",
    [
        PhoneNumberIdentifier("+15551230001"),
        PhoneNumberIdentifier("anonymous"),
        CommunicationUserIdentifier("8:acs:resource_user"),
        MicrosoftTeamsUserIdentifier("45ab2481"),
        MicrosoftTeamsUserIdentifier("45ab2481", cloud="DOD"),
        MicrosoftTeamsUserIdentifier("45ab2481", is_anonymous=True),
        MicrosoftTeamsAppIdentifier("45ab2481", cloud="GCCH"),
        TeamsExtensionUserIdentifier(user_id="u", tenant_id="t", resource_id="r"),
    ],
)
def test_the_raw_id_is_inferred(theirs: Any) -> None:
    """Without rawId it is the one that the official SDK makes of the same identifier."""
    sent = serialize_identifier(theirs).serialize()
    assert Identifier.model_validate(sent).name == theirs.raw_id
    del sent["rawId"]
    assert Identifier.model_validate(sent).name == theirs.raw_id


def test_enumerations_in_any_case_and_explicit_nulls() -> None:
    """As clients of several generations write them."""
    assert (
        RejectCall.model_validate({"incomingCallContext": "c", "callRejectReason": "BUSY"}).call_reject_reason
        == "busy"
    )
    locator = CallLocator.model_validate({"kind": "ServerCallLocator", "serverCallId": "s", "roomId": None})
    assert locator.server_call_id == "s"
    play = Play.model_validate({"playSources": [{"kind": "Text", "text": {"text": "Hi."}, "file": None}]})
    assert play.play_sources[0].value == "Hi."
    user = {"kind": "CommunicationUser", "rawId": None, "communicationUser": {"id": "8:acs:a_b"}}
    transfer = TransferToParticipant.model_validate(
        {
            "targetParticipant": {**user, "phoneNumber": None},
            "transferee": None,
            "customCallingContext": None,
            "sourceCallerIdNumber": None,
            "operationCallbackUri": None,
        }
    )
    assert transfer.target_participant.name == "8:acs:a_b"
    music = {"kind": "TEXT", "text": {"text": "One moment."}}
    hold = Hold.model_validate({"targetParticipant": user, "playSourceInfo": music})
    assert hold.play_source_info
    assert hold.play_source_info.kind == "text"
    assert MuteParticipants.model_validate({"targetParticipants": [user], "operationContext": None})


@pytest.mark.parametrize(
    "change",
    [
        {"callbackUri": "callbacks.example"},
        {"callbackUri": "https://callbacks.example:99999"},
        {"callbackUri": "http://["},
        {"transcriptionOptions": {"transportUrl": "https://socket.example"}},
        {"transcriptionOptions": {"transportType": "carrier pigeon"}},
        {"targets": [{"kind": "phoneNumber"}]},
    ],
)
def test_what_is_no_call(change: dict[str, Any]) -> None:
    """Refused before anything happens."""
    body = {"targets": [{"rawId": "8:acs:a"}], "callbackUri": "https://callbacks.example"}
    CreateCall.model_validate(body)
    with pytest.raises(ValidationError):
        CreateCall.model_validate({**body, **change})


@pytest.mark.parametrize(
    "locator", [{}, {"roomId": "1", "groupCallId": "2"}, {"kind": "callLocator", "roomId": "1"}]
)
def test_what_locates_no_call(locator: dict[str, Any]) -> None:
    """Exactly one way to name it."""
    with pytest.raises(ValidationError):
        CallLocator.model_validate(locator)


@pytest.mark.parametrize(
    ("affinity", "channels"),
    [
        ([{"channel": 1}, {}, {}], [1, 0, 2]),
        ([{}, {"channel": 0}, {"channel": 4}], [1, 0, 4]),
    ],
)
def test_channel_affinity(affinity: list[dict[str, int]], channels: list[int]) -> None:
    """Who names no channel has the first that is free."""
    people = [{**one, "participant": {"rawId": str(place)}} for place, one in enumerate(affinity)]
    body = StartRecording.model_validate({"callConnectionId": "1", "channelAffinity": people})
    assert [body.channels[str(place)] for place in range(3)] == channels


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"callConnectionId": "1", "callLocator": {"serverCallId": "2"}},
        {"callConnectionId": "1", "externalStorage": {"recordingStorageKind": "AzureBlobStorage"}},
        {
            "callConnectionId": "1",
            "channelAffinity": [
                {"channel": 1, "participant": {"rawId": "a"}},
                {"channel": 1, "participant": {"rawId": "b"}},
            ],
        },
        {
            "callConnectionId": "1",
            "channelAffinity": [{"channel": 5, "participant": {"rawId": "a"}}],
        },
    ],
)
def test_recordings_that_cannot_be(body: dict[str, Any]) -> None:
    """Of no call or two, to nowhere, two on one channel, on a sixth."""
    with pytest.raises(ValidationError):
        StartRecording.model_validate(body)


@pytest.mark.parametrize(
    "url",
    [
        "http://a b/",
        "http://h\x00/",
        "http://x/\n",
        "http://" + "a" * 64 + ".example/",
        "http://\u2603..example/",
    ],
    ids=ascii,
)
def test_addresses_that_nobody_could_be_reached_at(url: str) -> None:
    """Refused at once, not when something has to be sent there."""
    with pytest.raises(ValidationError):
        Play.model_validate(
            {"playSources": [{"kind": "text", "text": {"text": "x"}}], "operationCallbackUri": url}
        )


def test_a_locator_whose_kind_is_another() -> None:
    """It has to name the member that is given."""
    with pytest.raises(ValidationError):
        CallLocator.model_validate({"kind": "roomCallLocator", "serverCallId": "s"})


@pytest.mark.parametrize("context", [{"voipHeaders": 5}, {"sipHeaders": {"User-To-User": {}}}])
def test_a_calling_context_without_headers(context: dict[str, object]) -> None:
    """Headers are names and texts, so that whoever is called can read them."""
    user = {"communicationUser": {"id": "8:acs:a_b"}}
    with pytest.raises(ValidationError):
        TransferToParticipant.model_validate({"targetParticipant": user, "customCallingContext": context})


def test_an_invitation_without_a_name() -> None:
    """There is nothing to cancel."""
    with pytest.raises(ValidationError):
        CancelAddParticipant.model_validate({"invitationId": ""})
