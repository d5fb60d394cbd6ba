// What every scene needs: a client, the application, and the world outside through the control plane.

import assert from "node:assert/strict";
import { Application } from "./application.js";
import { noting, open } from "./sdk.js";

export const COGNITIVE = { cognitiveServicesEndpoint: "https://speech.cognitiveservices.azure.com/" };
export const OURS = { phoneNumber: "+15559870000" };

export class Stage {
  application = new Application();
  client = open(process.env.ACS_CONNECTION_STRING);
  #numbers = 0;

  async open() {
    await this.application.open();
    await this.control("/event-subscriptions", { url: `${this.application.url}/events` });
  }

  get callbackUrl() {
    return `${this.application.url}/callbacks`;
  }

  number() {
    this.#numbers += 1;
    return { phoneNumber: `+1555${String(this.#numbers).padStart(7, "0")}` };
  }

  user() {
    this.#numbers += 1;
    return { communicationUserId: `8:acs:stranger_${this.#numbers}` };
  }

  streamUrl(name) {
    return `${this.application.url.replace("http", "ws")}/streams/${name}`;
  }

  async control(path, body) {
    const answer = await fetch(`${process.env.ACS_CONTROL_URL}/_emulator${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `the control plane refused ${path}: ${text}`);
    return text ? JSON.parse(text) : {};
  }

  /** Somebody dials in; the incomingCallContext of the event that told the application. */
  async dialIn(caller) {
    const call = await this.control("/calls", { from: caller.phoneNumber });
    const data = await this.event("IncomingCall", (one) => one.correlationId === call.correlationId);
    return data.incomingCallContext;
  }

  /** The data of the first Event Grid event of that name that fits. */
  event(name, where) {
    return this.application.find(`the event ${name}`, () => {
      const type = `Microsoft.Communication.${name}`;
      return this.application.events.find((one) => one.eventType === type && where(one.data))?.data;
    });
  }

  /** The stream of that name, as soon as a packet of that kind fits. */
  stream(name, kind, where = () => true) {
    return this.application.find(`a packet ${kind} of ${name}`, () =>
      this.application.streams.find(
        (one) => one.name === name && one.packets.some((it) => it.kind === kind && where(it.packet)),
      ),
    );
  }

  /** A call that somebody dialled, answered and connected. */
  async answered(options = {}) {
    const caller = this.number();
    const result = await this.client.answerCall(await this.dialIn(caller), this.callbackUrl, {
      callIntelligenceOptions: COGNITIVE,
      ...options,
    });
    const call = this.onCall(result, caller);
    await call.event("CallConnected");
    return call;
  }

  onCall(result, caller) {
    return new OnCall(this, result, caller);
  }
}

export class OnCall {
  constructor(stage, { callConnection, callConnectionProperties }, caller) {
    this.stage = stage;
    this.connection = noting(callConnection);
    this.media = this.connection.getCallMedia();
    this.properties = callConnectionProperties;
    this.id = callConnectionProperties.callConnectionId;
    this.caller = caller;
  }

  /** The first callback of that kind with that operation context and those members. */
  event(kind, operationContext, members = {}) {
    const wanted = { kind, callConnectionId: this.id, ...members };
    if (operationContext !== undefined) wanted.operationContext = operationContext;
    return this.stage.application.find(JSON.stringify(wanted), () =>
      this.stage.application.callbacks.find((one) =>
        Object.entries(wanted).every(([name, value]) => one[name] === value),
      ),
    );
  }

  /** Somebody in the call does something: say, press, join, hang-up. */
  outside(what, body) {
    return this.stage.control(`/calls/${this.id}/${what}`, body);
  }
}
