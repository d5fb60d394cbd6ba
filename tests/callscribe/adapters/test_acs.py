"""The SDK itself speaks to a real HTTP server here; what is asserted is the wire."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from time import time
from typing import Any

import anyio
import pytest
from azure.communication.callautomation import TranscriptionOptions
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from callscribe.adapters.acs import AcsCallControl, control, open_client
from callscribe.adapters.acs.answers import answer_within
from callscribe.domain import commands, errors
from callscribe.domain.call import Call, CallState, Direction, Transcription
from callscribe.ports import AcsCall
from tests.callscribe.http_receiver import Received, Receiver, Reply, receiver

pytestmark = pytest.mark.anyio

KEY = base64.b64encode(b"a key of the emulated resource").decode()
ID = "421f3500-f5de-4c12-bf61-9e2641433687"
PROPERTIES = {
    "callConnectionId": ID,
    "serverCallId": "aHR0cHM6",
    "correlationId": "c-1",
    "callConnectionState": "connecting",
    "source": {"rawId": "4:+14255550123", "kind": "phoneNumber", "phoneNumber": {"value": "+14255550123"}},
    "targets": [
        {"rawId": "8:acs:r_u", "kind": "communicationUser", "communicationUser": {"id": "8:acs:r_u"}}
    ],
    "transcriptionSubscription": {"id": "s", "state": "inactive", "subscribedResultTypes": ["final"]},
}
SETUP = commands.TranscriptionSetup(locale="en-US", start=False, model="my-model", intermediate=True)


def a_call(direction: Direction = Direction.INCOMING, connection: str | None = ID) -> Call:
    return Call(
        id="call_1",
        key="capability",
        direction=direction,
        state=CallState.CONNECTED,
        created_at=0,
        transcription=Transcription(locale="en-US"),
        call_connection_id=connection,
    )


def over(client: Any) -> AcsCallControl:
    return AcsCallControl(
        client,
        callback_uri=lambda call: f"https://us.test/azure/callbacks/{call.key}",
        transport_url=lambda call: f"wss://us.test/transcripts/{call.key}",
        cognitive_services_endpoint="https://ai.test/",
    )


@asynccontextmanager
async def acs() -> AsyncIterator[tuple[AcsCallControl, Receiver]]:
    async with receiver() as server:
        client = open_client(endpoint=server.url, credential=KEY)
        async with client:
            yield over(client), server


async def sent(
    command: commands.AnyCommand, reply: Reply, call: Call | None = None
) -> tuple[AcsCall | None, Received]:
    async with acs() as (subject, server):
        server.default = reply
        answer = await subject.carry_out(command, call or a_call(), "job_1")
        assert len(server.requests) == 1
        return answer, server.requests[0]


PHONE = {"rawId": "4:+4930123456", "phoneNumber": {"value": "+4930123456", "isAnonymous": False}}
TRANSCRIPTION = {
    "transportUrl": "wss://us.test/transcripts/capability",
    "transportType": "websocket",
    "locale": "en-US",
    "startTranscription": False,
    "speechModelEndpointId": "my-model",
    "enableIntermediateResults": True,
}
SET_UP = {
    "callbackUri": "https://us.test/azure/callbacks/capability",
    "callIntelligenceOptions": {"cognitiveServicesEndpoint": "https://ai.test/"},
    "transcriptionOptions": TRANSCRIPTION,
}


async def test_answering() -> None:
    """The AI endpoint and the transcription options travel although transcription is not wanted yet."""
    answer, request = await sent(commands.Answer("ctx", SETUP), Reply(200, PROPERTIES))
    assert request.path == "/calling/callConnections:answer"
    assert request.json == {"incomingCallContext": "ctx", **SET_UP}
    assert answer == AcsCall(
        call_connection_id=ID,
        server_call_id="aHR0cHM6",
        correlation_id="c-1",
        state="connecting",
        from_id="4:+14255550123",
        targets=("8:acs:r_u",),
        transcription="inactive",
    )


async def test_calling_every_kind_of_target() -> None:
    """Raw ids become the kinds of identifier that ACS knows; the caller id is a bare number."""
    user, app = (
        "8:orgid:11111111-1111-1111-1111-111111111111",
        "28:orgid:22222222-2222-2222-2222-222222222222",
    )
    command = commands.CreateCall(
        ("4:+4930123456", "8:acs:r_u", user, app),
        SETUP,
        source_caller_id="+4930999999",
        source_display_name="Us",
    )
    answer, request = await sent(command, Reply(201, {"callConnectionId": ID}))
    assert request.path == "/calling/callConnections"
    assert request.json == {
        "targets": [
            PHONE,
            {"rawId": "8:acs:r_u", "communicationUser": {"id": "8:acs:r_u"}},
            {
                "rawId": user,
                "microsoftTeamsUser": {"userId": user[8:], "isAnonymous": False, "cloud": "PUBLIC"},
            },
            {"rawId": app, "microsoftTeamsApp": {"appId": app[9:], "cloud": "PUBLIC"}},
        ],
        "sourceCallerIdNumber": {"value": "+4930999999"},
        "sourceDisplayName": "Us",
        **SET_UP,
    }
    assert answer == AcsCall(call_connection_id=ID, server_call_id=None, correlation_id=None, state="unknown")


@pytest.mark.parametrize(
    ("given", "locator"),
    [
        ({"room_id": "99"}, {"roomId": "99", "kind": "roomCallLocator"}),
        ({"group_call_id": "g"}, {"groupCallId": "g", "kind": "groupCallLocator"}),
        ({"server_call_id": "s"}, {"serverCallId": "s", "kind": "serverCallLocator"}),
    ],
)
async def test_joining_a_call(given: dict[str, str], locator: dict[str, str]) -> None:
    """A room, a group and a server call are each found by their own locator."""
    _, request = await sent(commands.Connect(SETUP, **given), Reply(200, PROPERTIES))
    assert request.path == "/calling/callConnections:connect"
    assert request.json == {"callLocator": locator, **SET_UP}


async def test_turning_a_call_away() -> None:
    """A rejection carries its reason, a redirect its target."""
    _, rejected = await sent(commands.Reject("ctx", "busy"), Reply(204))
    _, redirected = await sent(commands.Redirect("ctx", "4:+4930123456"), Reply(204))
    assert rejected.path == "/calling/callConnections:reject"
    assert rejected.json == {"incomingCallContext": "ctx", "callRejectReason": "busy"}
    assert redirected.path == "/calling/callConnections:redirect"
    assert redirected.json["target"] == PHONE


@pytest.mark.parametrize(
    ("command", "source"),
    [
        (
            commands.Play(text="Hi", locale="en-US"),
            {"text": "Hi", "sourceLocale": "en-US", "voiceKind": "female"},
        ),
        (
            commands.Play(text="Hi", locale="en-US", voice="en-US-NancyNeural"),
            {"text": "Hi", "sourceLocale": "en-US", "voiceName": "en-US-NancyNeural"},
        ),
        (commands.Play(file_url="https://us.test/a.wav"), {"uri": "https://us.test/a.wav"}),
    ],
)
async def test_playing_to_all(command: commands.Play, source: dict[str, str]) -> None:
    """A text goes with a voice's name or else a locale and a kind of voice; a file by its URL."""
    _, request = await sent(command, Reply(202))
    assert request.path == f"/calling/callConnections/{ID}:play"
    assert request.json["playTo"] == []
    (played,) = request.json["playSources"]
    assert played[played["kind"]] == source


MEDIA = [
    (
        commands.StartTranscription("op", locale="de-DE", model="my-model", operation_context="mine"),
        "startTranscription",
        {"locale": "de-DE", "speechModelEndpointId": "my-model", "operationContext": "mine"},
    ),
    (commands.StartTranscription("op"), "startTranscription", {}),
    (
        commands.UpdateTranscription("op", locale="de-DE", model="my-model"),
        "updateTranscription",
        {"locale": "de-DE", "speechModelEndpointId": "my-model"},
    ),
    (
        commands.StopTranscription("op", operation_context="mine"),
        "stopTranscription",
        {"operationContext": "mine"},
    ),
]


@pytest.mark.parametrize(("command", "verb", "body"), MEDIA)
async def test_controlling_transcription(
    command: commands.AnyCommand, verb: str, body: dict[str, str]
) -> None:
    """The custom model's id reaches the wire although the SDK alone drops it."""
    _, request = await sent(command, Reply(202))
    assert request.path == f"/calling/callConnections/{ID}:{verb}"
    assert request.json == body


@pytest.mark.parametrize(("command", "verb", "body"), MEDIA)
async def test_controlling_a_call_that_others_set_up(
    command: commands.AnyCommand, verb: str, body: dict[str, str]
) -> None:
    """The events of the operation come to us, not to the system whose call it is."""
    _, request = await sent(command, Reply(202), a_call(Direction.FOREIGN))
    assert request.json == {**body, "operationCallbackUri": "https://us.test/azure/callbacks/capability"}


async def test_the_sdk_alone_drops_the_model_id() -> None:
    """Once this fails the SDK sends the id itself, and `adapters/acs/speech_model` can go."""
    async with receiver() as server, open_client(endpoint=server.url, credential=KEY) as client:
        server.default = Reply(202)
        await client.get_call_connection(ID).start_transcription(
            speech_recognition_model_endpoint_id="my-model"
        )
        await client.get_call_connection(ID).update_transcription(
            locale="en-US", speech_recognition_model_endpoint_id="my-model"
        )
        server.default = Reply(200, PROPERTIES)
        options = TranscriptionOptions(
            transport_url="wss://us.test",
            transport_type="websocket",
            locale="en-US",
            start_transcription=True,
            speech_recognition_model_endpoint_id="my-model",
        )
        await client.answer_call("ctx", "https://us.test", transcription=options)
        assert len(server.requests) == 3
        assert not [request for request in server.requests if b"my-model" in request.body]


async def test_participants() -> None:
    """Somebody is added with the number they see, and removed by raw id."""
    added, add = await sent(
        commands.AddParticipant("4:+4930123456", source_caller_id="4:+4930999999", operation_context="agent"),
        Reply(202, {"invitationId": "i"}),
    )
    _, remove = await sent(commands.RemoveParticipant("8:acs:r_u"), Reply(202, {}), a_call(Direction.FOREIGN))
    assert added is None
    assert add.path == f"/calling/callConnections/{ID}/participants:add"
    assert add.json == {
        "participantToAdd": PHONE,
        "sourceCallerIdNumber": {"value": "+4930999999"},
        "operationContext": "agent",
    }
    assert remove.path == f"/calling/callConnections/{ID}/participants:remove"
    assert remove.json == {
        "participantToRemove": {"rawId": "8:acs:r_u", "communicationUser": {"id": "8:acs:r_u"}},
        "operationCallbackUri": "https://us.test/azure/callbacks/capability",
    }


async def test_hanging_up() -> None:
    """For everybody the call is terminated; else only our leg leaves."""
    _, everybody = await sent(commands.HangUp(), Reply(204))
    _, ourselves = await sent(commands.HangUp(for_everyone=False), Reply(204))
    assert (everybody.method, everybody.path) == ("POST", f"/calling/callConnections/{ID}:terminate")
    assert (ourselves.method, ourselves.path) == ("DELETE", f"/calling/callConnections/{ID}")


REPEATABLE = [
    (commands.Answer("ctx", SETUP), Reply(200, PROPERTIES)),
    (commands.CreateCall(("8:acs:r_u",), SETUP), Reply(201, PROPERTIES)),
    (commands.Connect(SETUP, room_id="99"), Reply(200, PROPERTIES)),
    (commands.Reject("ctx", "none"), Reply(204)),
    (commands.Redirect("ctx", "8:acs:r_u"), Reply(204)),
    (commands.AddParticipant("8:acs:r_u"), Reply(202, {})),
    (commands.RemoveParticipant("8:acs:r_u"), Reply(202, {})),
    (commands.HangUp(), Reply(204)),
]


@pytest.mark.parametrize(("command", "reply"), REPEATABLE)
async def test_a_command_carried_out_twice(command: commands.AnyCommand, reply: Reply) -> None:
    """ACS sees one request: the id comes from the job, and differs from job to job."""
    async with acs() as (subject, server):
        server.default = reply
        for job in ("job_1", "job_1", "job_2"):
            await subject.carry_out(command, a_call(), job)
        ids = [request.headers["repeatability-request-id"] for request in server.requests]
        assert ids[0] == ids[1] != ids[2]
        assert all(request.headers["repeatability-first-sent"].endswith("GMT") for request in server.requests)


async def test_signed_with_the_access_key() -> None:
    """The signature is that of the resource's key over what was really sent (HMAC-SHA256)."""
    async with acs() as (subject, server):
        server.default = Reply(202)
        await subject.carry_out(commands.StopTranscription("op"), a_call(), "job_1")
        request = server.requests[0]
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        target = f"{request.path}?api-version={request.query['api-version']}"
        signed = f"POST\n{target}\n{request.headers['x-ms-date']};{request.headers['host']};{digest}"
        expected = base64.b64encode(hmac.digest(base64.b64decode(KEY), signed.encode(), "sha256")).decode()
        assert request.headers["authorization"].endswith(f"Signature={expected}")


async def test_looking_a_call_up() -> None:
    """The call as ACS has it; one that is gone is known by the string code 8522."""
    async with acs() as (subject, server):
        server.default = Reply(200, {**PROPERTIES, "callConnectionState": "connected"})
        assert (await subject.look_up(ID)).state == "connected"
        found = await subject.carry_out(commands.LookUp(), a_call(), "job_1")
        assert found is not None
        assert found.connected
        server.default = Reply(404, {"error": {"code": "8522", "message": "Call not found."}})
        with pytest.raises(errors.AcsCallNotFound) as gone:
            await subject.look_up(ID)
        assert gone.value.message == "Call not found."
        assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(400, {"error": {"code": "8500", "message": "bad"}}), errors.AcsBadRequest, "8500"),
        (Reply(401, {"error": {"code": "Denied", "message": "no"}}), errors.AcsUnauthorized, "Denied"),
        (Reply(403), errors.AcsForbidden, None),
        (Reply(404), errors.AcsNotFound, None),
        (Reply(409, {"error": {"code": "1", "message": "busy"}}), errors.AcsConflict, "1"),
        (Reply(412, {"error": {"code": "2", "message": "not yet"}}), errors.AcsPreconditionFailed, "2"),
        (Reply(500, b"<html>oops</html>"), errors.AcsUnavailable, None),
        (Reply(200, b"<html>a portal</html>"), errors.AcsUnavailable, None),
        (Reply(200, b"not JSON", {"Content-Type": "application/json"}), errors.AcsUnavailable, None),
        (Reply(200, b"\xff", {"Content-Type": "application/json"}), errors.AcsUnavailable, None),
        (Reply(401, b"not JSON", {"Content-Type": "application/json"}), errors.AcsUnauthorized, None),
        (Reply(200, {}), errors.AcsUnavailable, None),
        (Reply(200, {"callConnectionId": ID, "targets": 5}), errors.AcsUnavailable, None),
    ],
)
async def test_a_refusal(reply: Reply, kind: type[errors.AcsError], code: str | None) -> None:
    """Every answer that is no success is an error of our tree, with ACS's code and message where it has them."""
    async with acs() as (subject, server):
        server.default = reply
        with pytest.raises(kind) as refused:
            await subject.carry_out(commands.Answer("ctx", SETUP), a_call(), "job_1")
        assert type(refused.value) is kind
        assert refused.value.error_code == code


async def test_throttled() -> None:
    """The wait that ACS asks for is reported at once; it is not spent inside the request."""
    async with acs() as (subject, server):
        server.default = Reply(429, {"error": {"code": "429", "message": "slow"}}, {"Retry-After": "17"})
        with pytest.raises(errors.AcsThrottled) as refused:
            await subject.carry_out(commands.Answer("ctx", SETUP), a_call(), "job_1")
        assert refused.value.retry_after == 17
        assert len(server.requests) == 1


async def test_a_fault_that_passes() -> None:
    """A short fault of ACS is tried again under the same request id."""
    async with acs() as (subject, server):
        server.replies = [Reply(503), Reply(200, PROPERTIES)]
        answer = await subject.carry_out(commands.Answer("ctx", SETUP), a_call(), "job_1")
        assert answer is not None
        first, second = (request.headers["repeatability-request-id"] for request in server.requests)
        assert first == second


async def test_nobody_listens() -> None:
    """No connection is no answer."""
    async with receiver() as server:
        client = open_client(endpoint=server.url, credential=KEY)
    async with client:
        with pytest.raises(errors.AcsNoAnswer) as silent:
            await over(client).look_up(ID)
        assert silent.value.http_status is None


async def test_an_answer_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of a command is bounded in time."""
    monkeypatch.setattr(control, "ANSWER_WITHIN_S", 0.05)
    async with acs() as (subject, server):
        late = anyio.Event()
        server.default = Reply(200, PROPERTIES, held=late)
        with pytest.raises(errors.AcsNoAnswer):
            await subject.look_up(ID)
        late.set()


async def test_a_call_without_a_connection() -> None:
    """What needs a connected call is not sent for one that has no callConnectionId."""
    async with acs() as (subject, server):
        with pytest.raises(errors.AcsPreconditionFailed):
            await subject.carry_out(commands.HangUp(), a_call(connection=None), "job_1")
        assert server.requests == []


async def test_an_identity_that_gets_no_token() -> None:
    """It is our credentials that fail, as with a 401 of ACS."""
    with pytest.raises(errors.AcsUnauthorized):
        async with answer_within(1):
            raise ClientAuthenticationError(message="no managed identity here")


class Identity:
    """A credential that gives tokens without asking anybody."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("token", int(time()) + 3600)

    async def close(self) -> None: ...

    async def __aenter__(self) -> "Identity":
        return self

    async def __aexit__(self, *fault: object) -> None: ...


@pytest.mark.parametrize("credential", [KEY, Identity()])
async def test_a_key_or_an_identity(credential: Any) -> None:
    """Either opens a client, which closes cleanly."""
    async with open_client(endpoint="https://a.test", credential=credential) as client:
        assert client is not None


async def test_a_retry_after_that_is_a_date() -> None:
    """ACS may name a time of day instead of seconds (RFC 9110, section 10.2.3)."""
    async with acs() as (subject, server):
        server.default = Reply(429, None, {"Retry-After": formatdate(time() + 60, usegmt=True)})
        with pytest.raises(errors.AcsThrottled) as refused:
            await subject.look_up(ID)
        assert refused.value.retry_after is not None
        assert 50 < refused.value.retry_after <= 60
        server.default = Reply(429, None, {"Retry-After": "soon"})
        with pytest.raises(errors.AcsThrottled) as refused:
            await subject.look_up(ID)
        assert refused.value.retry_after is None
