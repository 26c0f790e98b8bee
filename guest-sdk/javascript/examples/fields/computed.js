/** Values that are made anew for each message. */
import { split } from "./paths.js";
import { uuid7 } from "./uuid7.js";

export const KNOWN =
  "offset, partition, stream, topic, now, timestamp and origin_timestamp (microseconds; also with _ms, _s or _rfc3339), " +
  "uuid_v7, header:NAME and field:PATH";
export const PATTERN = "^(offset|partition|stream|topic|uuid_v7|(now|timestamp|origin_timestamp)(_us|_ms|_s|_rfc3339)?|header:.+|field:.+)$";

const TIME = /^(now|timestamp|origin_timestamp)(?:_(us|ms|s|rfc3339))?$/;

const facts = {
  offset: (message) => String(message.offset),
  partition: (message) => String(message.batch.origin.partition),
  stream: (message) => JSON.stringify(message.batch.origin.stream),
  topic: (message) => JSON.stringify(message.batch.origin.topic),
  uuid_v7: (message) => jsonOf(uuid7(message)),
};

const jsonOf = (value) => (value === undefined ? undefined : JSON.stringify(value));

/** A function of (message, fields) that answers JSON text, or undefined for what is not known. Throws RangeError. */
export function computation(name) {
  if (typeof name !== "string" || !new RegExp(PATTERN).test(name)) {
    throw new RangeError(`unknown computed value \`${name}\`; known are ${KNOWN}`);
  }
  if (name.startsWith("header:")) {
    const key = name.slice("header:".length);
    return (message) => headerText(message.header(key));
  }
  if (name.startsWith("field:")) {
    const path = split(name.slice("field:".length));
    return (_, fields) => fields.get(path);
  }
  if (Object.hasOwn(facts, name)) return facts[name];
  const [, clock, notation = "us"] = TIME.exec(name);
  const moment = clockOf(clock);
  return (message) => {
    const microseconds = moment(message);
    return microseconds === undefined ? undefined : notations[notation](microseconds);
  };
}

const MILLION = 1_000_000n;

const notations = {
  us: String,
  ms: (microseconds) => String(microseconds / 1_000n),
  s: (microseconds) => String(microseconds / MILLION),
  rfc3339(microseconds) {
    const seconds = new Date(Number(microseconds / 1_000n)).toISOString().split(".")[0];
    return `"${seconds}.${String(microseconds % MILLION).padStart(6, "0")}Z"`;
  },
};

/** A function of a message that answers microseconds since 1970 UTC. */
function clockOf(name) {
  if (name === "timestamp") return (message) => message.timestamp;
  if (name === "origin_timestamp") return (message) => message.originTimestamp;
  let batch;
  let now;
  return (message) => {
    // One moment for the whole batch.
    if (batch !== message.batch) {
      batch = message.batch;
      now = BigInt(Date.now()) * 1_000n;
    }
    return now;
  };
}

/** Numbers and truth values keep their type; what JSON cannot say is not known. */
function headerText(value) {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return typeof value !== "number" || Number.isFinite(value) ? String(value) : undefined;
  }
  if (!(value instanceof Uint8Array)) return jsonOf(value);
  try {
    return JSON.stringify(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value));
  } catch {
    return JSON.stringify(Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
}
