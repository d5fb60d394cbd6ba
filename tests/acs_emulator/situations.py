"""Every situation in which the emulator has something to say, played once."""

from __future__ import annotations

from email.utils import formatdate

from azure.communication.callautomation import CommunicationUserIdentifier, PhoneNumberIdentifier

from tests.acs_emulator import situations_media as media
from tests.acs_emulator.said import AGENT, CALLER, OURS, Said, connected, delivered, id_of

STRANGER = CommunicationUserIdentifier("8:acs:resource_stranger")
USER = "8:acs:resource_user"
DECLINING = PhoneNumberIdentifier("+15550009999")
MIXED_WAV = {
    "recording_content_type": "audio",
    "recording_channel_type": "mixed",
    "recording_format_type": "wav",
}


async def play_all(said: Said) -> None:
    """One after the other; each waits for what it brings about."""
    for situation in (
        rest_of_a_call,
        a_user_calls,
        media.transcription,
        media.of_old,
        media.summary,
        media.streaming,
        participants,
        transfers,
        media.playing,
        media.recognition,
        media.tones,
        media.holding,
        recording,
        a_recording_that_never_begins,
        calls_that_do_not_come_about,
    ):
        await situation(said)


async def rest_of_a_call(said: Said) -> None:
    """What `goldens/rest_pairs.jsonl` asks, in its order."""
    world, ask, kept = said.world, said.ask, said.answers
    kept["createUser"] = await ask("POST", "/identities", version="2022-10-01")
    user = kept["createUser"].json()["identity"]["id"]
    await world.control("/callees", {"rawId": user, "raisesIncomingCall": True})
    callee = {"rawId": user, "kind": "communicationUser", "communicationUser": {"id": user}}
    body = {"targets": [callee], "source": {"id": USER}, "callbackUri": world.callback_url}
    once = {
        "Repeatability_Request_ID": "61460096-a0cc-4f65-8cec-b61cc24e646c",
        "Repeatability_First_Sent": formatdate(usegmt=True),
    }
    kept["createCall"] = created = await ask("POST", "/calling/callConnections", body, **once)
    path = f"/calling/callConnections/{created.json()['callConnectionId']}"
    offer = await world.offered(user)
    answer = {"incomingCallContext": offer["incomingCallContext"], "callbackUri": world.callback_url}
    kept["answerCall"] = await ask("POST", "/calling/callConnections:answer", answer)
    await world.event("CallConnected", created.json()["callConnectionId"])
    kept["getCall"] = await ask("GET", path)
    kept["createCall #2"] = await ask("POST", "/calling/callConnections", body, **once)
    await _rest_of_a_recording(said, kept["getCall"].json()["serverCallId"])
    kept["delete recording content unauthorised"] = await world.http.delete("/v1/objects/0-gone")
    kept["delete recording content"] = await ask("DELETE", "/v1/objects/0-gone")
    kept["hangUp"] = await ask(
        "POST", f"{path}:terminate", Repeatability_Request_ID="0f36a4a2-5f5c-4d5e-8c3e-7b1f6d0a9c11"
    )
    await world.event("CallDisconnected", created.json()["callConnectionId"])
    kept["getCall after terminate"] = await ask("GET", path)


async def _rest_of_a_recording(said: Said, server_call_id: str) -> None:
    ask, kept = said.ask, said.answers
    body = {
        "callLocator": {"serverCallId": server_call_id, "kind": "serverCallLocator"},
        "recordingStateCallbackUri": said.world.callback_url,
        "recordingContentType": None,
        "recordingChannelType": None,
        "recordingFormatType": None,
    }
    kept["startRecording"] = started = await ask("POST", "/calling/recordings", body)
    path = f"/calling/recordings/{started.json()['recordingId']}"
    await said.world.journal("callback", lambda e: e.data["type"] == "RecordingStateChanged")
    kept["getRecording"] = await ask("GET", path)
    kept["pauseRecording"] = await ask("POST", f"{path}:pause")
    kept["getRecording after pause"] = await ask("GET", path)
    kept["resumeRecording"] = await ask("POST", f"{path}:resume")
    kept["getRecording after resume"] = await ask("GET", path)
    kept["stopRecording"] = await ask("DELETE", path)
    kept["getRecording after stop"] = await ask("GET", path)


async def a_user_calls(said: Said) -> None:
    """A VoIP caller, with a context of their own; they hang up."""
    world = said.world
    sip = {"userToUser": "00;encoding=hex", "X-MS-Custom-myhader1": "1", "X-MS-Custom-myhader2": "two"}
    context = {"sipHeaders": sip, "voipHeaders": {"customHeader": "customValue"}}
    call = {"from": USER, "displayName": "VOIP Caller", "customContext": context}
    connection_id = await world.answer(await world.dial_in(**call), operation_context="greeting")
    await world.event("CallConnected", connection_id)
    await world.told("CallParticipantAdded")
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    await world.told("CallEnded")
    await world.told("CallParticipantRemoved")


async def participants(said: Said) -> None:
    """Added, declined, cancelled, moved and removed; each with its failure."""
    world, connection = said.world, await connected(said)
    await world.control("/callees", {"rawId": DECLINING.raw_id, "behaviour": "decline", "afterSeconds": 0.1})
    await connection.add_participant(AGENT, operation_context="agent")
    await world.event("AddParticipantSucceeded", id_of(connection))
    await connection.add_participant(DECLINING, source_caller_id_number=OURS)
    await world.event("AddParticipantFailed", id_of(connection))
    await world.control("/callees", {"rawId": STRANGER.raw_id, "afterSeconds": 100_000})
    invited = await connection.add_participant(STRANGER, invitation_timeout=180)
    await connection.cancel_add_participant_operation(invited.invitation_id)
    await world.event("CancelAddParticipantSucceeded", id_of(connection))
    await connection.cancel_add_participant_operation("00000000-0000-0000-0000-000000000000")
    await world.event("CancelAddParticipantFailed", id_of(connection))
    other = await connected(said)
    await connection.move_participants([CALLER, STRANGER], id_of(other))
    await world.event("MoveParticipantSucceeded", id_of(connection))
    await world.event("MoveParticipantFailed", id_of(connection))
    await connection.remove_participant(AGENT)
    await world.event("RemoveParticipantSucceeded", id_of(connection))
    await connection.remove_participant(STRANGER)
    await world.event("RemoveParticipantFailed", id_of(connection))


async def transfers(said: Said) -> None:
    """One that is declined, then one that is taken."""
    world, connection = said.world, await connected(said)
    await connection.transfer_call_to_participant(DECLINING, source_caller_id_number=OURS)
    await world.event("CallTransferFailed", id_of(connection))
    await connection.transfer_call_to_participant(AGENT)
    await world.event("CallTransferAccepted", id_of(connection))
    await world.event("CallDisconnected", id_of(connection))


async def recording(said: Said) -> None:
    """To the end of its call."""
    world, connection = said.world, await connected(said)
    wanted = {**MIXED_WAV, "recording_state_callback_url": world.callback_url}
    started = await world.client.start_recording(call_connection_id=id_of(connection), **wanted)
    await world.journal(
        "callback", lambda e: e.data["event"]["data"].get("recordingId") == started.recording_id
    )
    await world.control(f"/calls/{id_of(connection)}/say", {"text": "For the record."}, 202)
    await world.journal("speech", lambda e: True)
    await connection.hang_up(is_for_everyone=True)
    await world.journal("eventgrid", lambda e: started.recording_id in str(e.data["event"]) and delivered(e))


async def a_recording_that_never_begins(said: Said) -> None:
    """Asked for while its call is not established, which it never is."""
    world, clock = said.world, said.world.emulator.clock
    context = await world.dial_in()
    clock.hold()
    connection_id = await world.answer(context)
    wanted = {**MIXED_WAV, "recording_state_callback_url": world.callback_url}
    await world.client.start_recording(call_connection_id=connection_id, **wanted)
    await world.client.get_call_connection(connection_id).hang_up(is_for_everyone=True)
    await clock.step(0.15)
    await world.event("StartRecordingFailed")
    clock.release()


async def calls_that_do_not_come_about(said: Said) -> None:
    """Declined; given up while being answered; joined to one that is not there."""
    world, clock = said.world, said.world.emulator.clock
    await world.client.create_call(DECLINING, world.callback_url, source_caller_id_number=OURS)
    await world.event("CreateCallFailed")
    await world.client.connect_call(world.callback_url, server_call_id="bm90aGluZw==")
    await world.event("ConnectFailed")
    context = await world.dial_in()
    clock.hold()
    connection_id = await world.answer(context)
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    clock.release()
    await world.event("AnswerFailed", connection_id)
