// The official SDK as in a stranger's program, with a note of every method that has been driven.

import { readFileSync } from "node:fs";
import {
  CallAutomationClient,
  CallConnection,
  CallMedia,
  CallRecording,
} from "@azure/communication-call-automation";
import { createDefaultHttpClient } from "@azure/core-rest-pipeline";

const CLASSES = [CallAutomationClient, CallConnection, CallMedia, CallRecording];
const RECORDINGS = /\.asm\.skype\.com$|\.asyncgw\.teams\.microsoft\.com$/;

export const driven = new Set();

/** Every public method of the SDK's clients as `Class.method`; which are private, its declarations say. */
export function methods() {
  const folder = new URL(".", import.meta.resolve("@azure/communication-call-automation"));
  return CLASSES.flatMap((one) => {
    const file = one.name[0].toLowerCase() + one.name.slice(1);
    const declared = readFileSync(new URL(`${file}.d.ts`, folder), "utf8");
    const hidden = new Set([...declared.matchAll(/private (\w+);/g)].map((match) => match[1]));
    return Object.getOwnPropertyNames(one.prototype)
      .filter((name) => name !== "constructor" && !hidden.has(name))
      .map((name) => `${one.name}.${name}`);
  });
}

/** The object, noting each of its methods that succeeds. */
export function noting(object) {
  return new Proxy(object, {
    get(target, name) {
      const member = target[name];
      if (typeof member !== "function") return member;
      return (...given) => {
        const note = (result) => {
          driven.add(`${target.constructor.name}.${String(name)}`);
          return CLASSES.includes(result?.constructor) ? noting(result) : result;
        };
        const result = member.apply(target, given);
        return result instanceof Promise ? result.then(note) : note(result);
      };
    },
  });
}

/** A client from a connection string. Microsoft's hosts of recordings are led to the emulator. */
export function open(connectionString) {
  const endpoint = new URL(/endpoint=([^;]+)/.exec(connectionString)[1]);
  const network = createDefaultHttpClient();
  const httpClient = {
    sendRequest(request) {
      const url = new URL(request.url);
      if (RECORDINGS.test(url.hostname)) {
        url.host = endpoint.host;
        request.url = url.href;
      }
      return network.sendRequest(request);
    },
  };
  return noting(new CallAutomationClient(connectionString, { httpClient }));
}
