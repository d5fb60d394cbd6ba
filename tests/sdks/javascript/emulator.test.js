// Every operation of the official JavaScript SDK, driven against an emulator over TLS with a connection string.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { after, before, describe, it, test } from "node:test";
import { driven, methods } from "./sdk.js";
import { COGNITIVE, OURS, Stage } from "./stage.js";

const stage = new Stage();
const text = (words) => ({ kind: "textSource", text: words, voiceName: "en-US-JennyNeural" });

before(() => stage.open());
after(() => stage.application.close());

const raw = (identifier) => identifier.communicationUserId ?? `4:${identifier.phoneNumber}`;
const gone = { statusCode: 404, code: "8522" };

describe("calls", { concurrency: true }, () => {
  it("are answered and ended", async () => {
    const caller = stage.number();
    const result = await stage.client.answerCall(await stage.dialIn(caller), stage.callbackUrl, {
      operationContext: "greeting",
      callIntelligenceOptions: COGNITIVE,
    });
    assert.equal(result.callConnectionProperties.callConnectionState, "unknown");
    const call = stage.onCall(result, caller);
    const connected = await call.event("CallConnected", "greeting");
    assert.equal(connected.serverCallId, call.properties.serverCallId);
    assert.equal(connected.resultInformation.code, 200);
    const updated = await call.event("ParticipantsUpdated");
    assert.ok(updated.participants.some((one) => one.identifier.phoneNumber === caller.phoneNumber));
    const again = stage.client.getCallConnection(call.id);
    assert.equal((await again.getCallConnectionProperties()).callConnectionState, "connected");
    await call.connection.hangUp(true);
    await call.event("CallDisconnected");
    await assert.rejects(again.getCallConnectionProperties(), gone);
  });

  it("are rejected", async () => {
    const context = await stage.dialIn(stage.number());
    await stage.client.rejectCall(context, { callRejectReason: "busy" });
    await assert.rejects(stage.client.answerCall(context, stage.callbackUrl), { statusCode: 404 });
  });

  it("are redirected", async () => {
    await stage.client.redirectCall(await stage.dialIn(stage.number()), { targetParticipant: stage.user() });
  });

  it("are placed", async () => {
    const invite = { targetParticipant: stage.number(), sourceCallIdNumber: OURS };
    const result = await stage.client.createCall(invite, stage.callbackUrl, { operationContext: "sale" });
    assert.equal(result.callConnectionProperties.callConnectionState, "connecting");
    const call = stage.onCall(result, invite.targetParticipant);
    await call.event("CallConnected", "sale");
    await call.connection.hangUp(false);
    await call.event("CallDisconnected");
  });

  it("are placed to several", async () => {
    const result = await stage.client.createGroupCall([stage.number(), stage.user()], stage.callbackUrl, {
      sourceCallIdNumber: OURS,
    });
    assert.equal(result.callConnectionProperties.targetParticipants.length, 2);
    await stage.onCall(result).event("CallConnected");
  });

  it("are joined", async () => {
    const first = await stage.answered();
    for (const locator of [
      { kind: "serverCallLocator", id: first.properties.serverCallId },
      { kind: "roomCallLocator", id: "99100000000001" },
      { kind: "groupCallLocator", id: "29228d3e-040e-4656-a70e-890ab4e173e5" },
    ]) {
      const result = await stage.client.connectCall(locator, stage.callbackUrl, { operationContext: locator.kind });
      await stage.onCall(result).event("CallConnected", locator.kind);
    }
  });

  it("come from the application's own identity", () => {
    assert.equal(stage.client.getSourceIdentity(), undefined);
  });
});

describe("participants", { concurrency: true }, () => {
  it("are seen", async () => {
    const call = await stage.answered();
    const { values } = await call.connection.listParticipants();
    assert.ok(values.some((one) => one.identifier.phoneNumber === call.caller.phoneNumber));
    const caller = await call.connection.getParticipant(call.caller);
    assert.equal(caller.isMuted, false);
  });

  it("are added, muted and removed", async () => {
    const [call, agent] = [await stage.answered(), stage.user()];
    const added = await call.connection.addParticipant(
      { targetParticipant: agent, customCallingContext: [{ kind: "voip", key: "department", value: "sales" }] },
      { operationContext: "agent", operationCallbackUrl: `${stage.callbackUrl}/elsewhere` },
    );
    assert.ok(added.invitationId);
    const joined = await call.event("AddParticipantSucceeded", "agent");
    assert.equal(joined.path, "/callbacks/elsewhere");
    assert.equal(joined.participant.communicationUserId, agent.communicationUserId);
    await call.connection.muteParticipant(agent, { operationContext: "hush" });
    assert.equal((await call.connection.getParticipant(agent)).isMuted, true);
    await call.connection.removeParticipant(agent, { operationContext: "bye" });
    await call.event("RemoveParticipantSucceeded", "bye");
  });

  it("are invited in vain", async () => {
    const [call, sleeper] = [await stage.answered(), stage.number()];
    await stage.control("/callees", { rawId: raw(sleeper), afterSeconds: 5000 });
    const { invitationId } = await call.connection.addParticipant({
      targetParticipant: sleeper,
      sourceCallIdNumber: OURS,
    });
    await call.connection.cancelAddParticipantOperation(invitationId, { operationContext: "never mind" });
    const told = await call.event("CancelAddParticipantSucceeded", "never mind");
    assert.equal(told.invitationId, invitationId);
  });

  it("are moved", async () => {
    const [here, there] = [await stage.answered(), await stage.answered()];
    const moved = await here.connection.moveParticipants([there.caller], there.id, {
      operationContext: "over here",
    });
    assert.equal(moved.fromCall, there.id);
    const told = await here.event("MoveParticipantSucceeded", "over here");
    assert.equal(told.participant.phoneNumber, there.caller.phoneNumber);
  });

  it("are transferred", async () => {
    const [call, agent] = [await stage.answered(), stage.user()];
    await call.connection.transferCallToParticipant(agent, { operationContext: "blind" });
    await call.event("CallTransferAccepted", "blind");
  });
});

describe("media", { concurrency: true }, () => {
  it("are played", async () => {
    const call = await stage.answered();
    const ssml = '<speak version="1.0" xml:lang="en-US"><voice name="en-US-JennyNeural">Hi.</voice></speak>';
    const sources = {
      file: { kind: "fileSource", url: `${stage.application.url}/prompt.wav` },
      text: text("Hi."),
      ssml: { kind: "ssmlSource", ssmlText: ssml },
    };
    for (const [operationContext, source] of Object.entries(sources)) {
      await call.media.play([source], [call.caller], { operationContext });
      await call.event("PlayStarted", operationContext);
      await call.event("PlayCompleted", operationContext);
    }
    await call.media.playToAll(Object.values(sources), { operationContext: "all" });
    await call.event("PlayCompleted", "all");
  });

  it("are cancelled", async () => {
    const call = await stage.answered();
    await call.media.playToAll([text("Hold the line.")], { loop: true, operationContext: "loop" });
    await call.event("PlayStarted", "loop");
    await call.media.cancelAllOperations();
    await call.event("PlayCanceled", "loop");
  });

  it("fail with the index of the source", async () => {
    const call = await stage.answered();
    const missing = { kind: "fileSource", url: `${stage.application.url}/missing.wav` };
    await call.media.playToAll([text("Hi."), missing], { operationContext: "missing" });
    assert.equal((await call.event("PlayFailed", "missing")).failedPlaySourceIndex, 1);
  });

  it("are held", async () => {
    const call = await stage.answered();
    await call.media.hold(call.caller, { playSource: text("One moment.") });
    assert.equal((await call.connection.getParticipant(call.caller)).isOnHold, true);
    await call.media.unhold(call.caller);
    assert.equal((await call.connection.getParticipant(call.caller)).isOnHold, false);
  });
});

describe("what callers press and say", { concurrency: true }, () => {
  const patience = { initialSilenceTimeoutInSeconds: 20 };
  const tones = { kind: "callMediaRecognizeDtmfOptions", initialSilenceTimeoutInSeconds: 300, interToneTimeoutInSeconds: 60 };
  const choices = [
    { label: "Yes", phrases: ["yes", "sure"], tone: "one" },
    { label: "No", phrases: ["no", "never"], tone: "two" },
  ];

  it("is recognized as tones", async () => {
    const call = await stage.answered();
    await call.media.startRecognizing(call.caller, { ...tones, maxTonesToCollect: 3, operationContext: "pin" });
    await call.outside("press", { tones: "123" });
    const completed = await call.event("RecognizeCompleted", "pin");
    assert.equal(completed.recognitionType, "dtmf");
    assert.deepEqual(completed.dtmfResult.tones, ["one", "two", "three"]);
  });

  it("is recognized as a choice", async () => {
    const call = await stage.answered();
    const options = { ...patience, kind: "callMediaRecognizeChoiceOptions", choices, speechLanguage: "en-US" };
    await call.media.startRecognizing(call.caller, { ...options, operationContext: "choice" });
    await call.outside("say", { speaker: "caller", text: "Sure." });
    const completed = await call.event("RecognizeCompleted", "choice");
    assert.equal(completed.recognitionType, "choices");
    assert.equal(completed.choiceResult.label, "Yes");
  });

  it("is recognized as speech", async () => {
    const call = await stage.answered();
    const options = { ...patience, kind: "callMediaRecognizeSpeechOptions", endSilenceTimeoutInSeconds: 1 };
    await call.media.startRecognizing(call.caller, { ...options, operationContext: "speech" });
    await call.outside("say", { speaker: "caller", text: "My order is late." });
    const completed = await call.event("RecognizeCompleted", "speech");
    assert.match(completed.speechResult.speech, /my order is late/i);
  });

  it("is recognized as speech or tones", async () => {
    const call = await stage.answered();
    const options = { ...patience, kind: "callMediaRecognizeSpeechOrDtmfOptions", maxTonesToCollect: 1 };
    await call.media.startRecognizing(call.caller, { ...options, operationContext: "either" });
    await call.outside("press", { tones: "9" });
    assert.deepEqual((await call.event("RecognizeCompleted", "either")).dtmfResult.tones, ["nine"]);
  });

  it("is silence", async () => {
    const call = await stage.answered();
    const options = { ...tones, maxTonesToCollect: 1, initialSilenceTimeoutInSeconds: 1 };
    await call.media.startRecognizing(call.caller, { ...options, operationContext: "silence" });
    const failed = await call.event("RecognizeFailed", "silence");
    assert.equal(failed.resultInformation.subCode, 8510);
  });

  it("is told tone by tone", async () => {
    const call = await stage.answered();
    await call.media.startContinuousDtmfRecognition(call.caller, { operationContext: "tones" });
    await call.outside("press", { tones: "5" });
    await call.event("ContinuousDtmfRecognitionToneReceived", "tones", { tone: "five" });
    await call.media.stopContinuousDtmfRecognition(call.caller, { operationContext: "enough" });
    await call.event("ContinuousDtmfRecognitionStopped", "enough");
  });

  it("is sent to them", async () => {
    const call = await stage.answered();
    await call.media.sendDtmfTones(["one", "pound"], call.caller, { operationContext: "menu" });
    await call.event("SendDtmfTonesCompleted", "menu");
  });
});

describe("streams", { concurrency: true }, () => {
  it("carry a transcription", async () => {
    const name = "transcription";
    const call = await stage.answered({
      transcriptionOptions: {
        transportUrl: stage.streamUrl(name),
        transportType: "websocket",
        locale: "en-US",
        startTranscription: false,
        enableIntermediateResults: true,
      },
    });
    await call.media.startTranscription({ locale: "en-US", operationContext: "start" });
    const started = await call.event("TranscriptionStarted", "start");
    assert.equal(started.transcriptionUpdate.transcriptionStatus, "transcriptionStarted");
    const stream = await stage.stream(name, "TranscriptionMetadata", (it) => it.callConnectionId === call.id);
    assert.equal(stream.headers["x-ms-call-connection-id"], call.id);
    await call.outside("say", { speaker: "caller", text: "Hello there." });
    const final = (it) => it.text === "Hello there." && it.resultState === "Final";
    const heard = (await stage.stream(name, "TranscriptionData", final)).packets.find((it) => final(it.packet));
    assert.equal(heard.packet.participant.phoneNumber, call.caller.phoneNumber);
    assert.deepEqual(heard.packet.words.map((word) => word.text), ["hello", "there"]);
    await call.media.updateTranscription("de-DE", { operationContext: "update" });
    await call.event("TranscriptionUpdated");
    await call.media.stopTranscription({ operationContext: "stop" });
    await call.event("TranscriptionStopped", "stop");
  });

  it("carry audio and tones both ways", async () => {
    const name = "audio";
    const call = await stage.answered({
      mediaStreamingOptions: {
        transportUrl: stage.streamUrl(name),
        transportType: "websocket",
        contentType: "audio",
        audioChannelType: "unmixed",
        startMediaStreaming: false,
        enableBidirectional: true,
        audioFormat: "pcm16KMono",
        enableDtmfTones: true,
      },
    });
    await call.media.startMediaStreaming({ operationContext: "start" });
    const started = await call.event("MediaStreamingStarted", "start");
    assert.equal(started.mediaStreamingUpdate.mediaStreamingStatus, "mediaStreamingStarted");
    await stage.stream(name, "AudioMetadata", (it) => it.sampleRate === 16_000 && it.encoding === "PCM");
    await call.outside("say", { speaker: "caller", text: "Hello there." });
    const { socket } = await stage.stream(name, "AudioData", (it) => it.isSilent === false);
    await call.outside("press", { tones: "3" });
    await stage.stream(name, "DtmfData");
    const data = Buffer.alloc(640).toString("base64");
    socket.send(JSON.stringify({ kind: "audioData", audioData: { data }, stopAudio: {} }));
    socket.send(JSON.stringify({ kind: "stopAudio", stopAudio: {} }));
    await call.media.stopMediaStreaming({ operationContext: "stop" });
    await call.event("MediaStreamingStopped", "stop");
  });
});

describe("recordings", { concurrency: true }, () => {
  const recordings = stage.client.getCallRecording();
  const chunkOf = async (recordingId) => {
    const event = await stage.application.find("RecordingFileStatusUpdated", () =>
      stage.application.events.find(
        (one) => one.eventType.endsWith("RecordingFileStatusUpdated") && one.subject.includes(recordingId),
      ),
    );
    return event.data.recordingStorageInfo.recordingChunks[0];
  };

  it("are made, fetched and deleted", async () => {
    const call = await stage.answered();
    const { recordingId } = await recordings.start({
      callLocator: { kind: "serverCallLocator", id: call.properties.serverCallId },
      recordingStateCallbackEndpointUrl: stage.callbackUrl,
      recordingContent: "audio",
      recordingChannel: "unmixed",
      recordingFormat: "wav",
      channelAffinity: [{ channel: 0, targetParticipant: call.caller }],
    });
    await stage.application.find("RecordingStateChanged", () =>
      stage.application.callbacks.find((one) => one.recordingId === recordingId && one.state === "active"),
    );
    await recordings.pause(recordingId);
    assert.equal((await recordings.getState(recordingId)).recordingState, "inactive");
    await recordings.resume(recordingId);
    assert.equal((await recordings.getState(recordingId)).recordingState, "active");
    await recordings.stop(recordingId);
    await assert.rejects(recordings.getState(recordingId), gone);
    await fetched(await chunkOf(recordingId));
  });

  async function fetched({ contentLocation, deleteLocation }) {
    const chunks = [];
    for await (const chunk of await recordings.downloadStreaming(contentLocation)) chunks.push(chunk);
    const whole = Buffer.concat(chunks);
    assert.equal(whole.subarray(0, 4).toString(), "RIFF");
    const part = [];
    const sink = new Writable({ write: (chunk, _, done) => (part.push(chunk), done()) });
    await recordings.downloadToStream(contentLocation, sink, { offset: 8, length: 4 });
    await stage.application.find("four bytes", () => (Buffer.concat(part).length >= 4 ? part : undefined));
    assert.equal(Buffer.concat(part).toString(), "WAVE");
    const folder = await mkdtemp(path.join(tmpdir(), "recording-"));
    try {
      await recordings.downloadToPath(contentLocation, path.join(folder, "recording.wav"));
      assert.deepEqual(await readFile(path.join(folder, "recording.wav")), whole);
    } finally {
      await rm(folder, { recursive: true });
    }
    await recordings.delete(deleteLocation);
    await assert.rejects(recordings.downloadStreaming(contentLocation), { status: 404 });
  }
});

test("every public method of the SDK has been driven", () => {
  assert.deepEqual(methods().filter((name) => !driven.has(name)), []);
});

test("nothing came that the SDK's parsers refuse", () => {
  assert.deepEqual(stage.application.wrong, []);
});
