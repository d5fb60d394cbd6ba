// A stranger's program: a webhook for callbacks and events, sockets for streams, and a file to play.

import { createServer } from "node:http";
import { parseCallAutomationEvent, StreamingData } from "@azure/communication-call-automation";
import { WebSocketServer } from "ws";

const PATIENCE_MS = 30_000;

export class Application {
  callbacks = [];
  events = [];
  streams = [];
  wrong = [];
  #waiting = new Set();
  #server = createServer((request, response) => this.#answer(request, response));
  #sockets = new WebSocketServer({ server: this.#server });

  async open() {
    this.#sockets.on("connection", (socket, request) => this.#stream(socket, request));
    await new Promise((listening) => this.#server.listen(0, "127.0.0.1", listening));
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  async close() {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  /** What `look` finds as soon as it finds something. */
  async find(what, look) {
    const first = look();
    if (first !== undefined) return first;
    return new Promise((found, failed) => {
      const again = () => {
        const now = look();
        if (now === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(again);
        found(now);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(again);
        const came = this.callbacks.slice(-30).map((one) => `${one.kind} ${one.operationContext ?? ""}`);
        failed(new Error(`${what} did not come; came: ${came.join(", ")}`));
      }, PATIENCE_MS);
      this.#waiting.add(again);
    });
  }

  #changed() {
    for (const again of [...this.#waiting]) again();
  }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    if (request.url === "/prompt.wav") {
      response.setHeader("content-type", "audio/wav").end(silence());
    } else if (request.url.startsWith("/callbacks")) {
      this.#take(body, request.url);
      response.end();
    } else if (request.headers["aeg-event-type"] === "SubscriptionValidation") {
      const validationResponse = JSON.parse(body)[0].data.validationCode;
      response.setHeader("content-type", "application/json").end(JSON.stringify({ validationResponse }));
    } else if (request.url === "/events") {
      this.events.push(...JSON.parse(body));
      response.end();
    } else {
      response.writeHead(404).end();
    }
    this.#changed();
  }

  /** Every callback goes through the SDK's own parser, which throws at a type it does not know. */
  #take(body, path) {
    try {
      this.callbacks.push({ ...parseCallAutomationEvent(body), path });
    } catch (error) {
      this.wrong.push(`${error}: ${body.slice(0, 300)}`);
    }
  }

  /** Every packet goes through the SDK's own parser. */
  #stream(socket, request) {
    const stream = { name: request.url.split("/").pop(), headers: request.headers, packets: [], socket };
    this.streams.push(stream);
    socket.on("message", (frame) => {
      try {
        const packet = StreamingData.parse(frame.toString());
        stream.packets.push({ kind: StreamingData.getStreamingKind(), packet });
      } catch (error) {
        this.wrong.push(`${error}: ${frame.toString().slice(0, 300)}`);
      }
      this.#changed();
    });
  }
}

/** A second of silence as ACS plays it: WAV, mono, 16 bit, 16 kHz. */
function silence() {
  const file = Buffer.alloc(44 + 32_000);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + 32_000, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(16_000, 24);
  file.writeUInt32LE(32_000, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(32_000, 40);
  return file;
}
