/** A batch as it crossed into the guest. Messages are a number and a reference; nothing is copied until it is asked for. */
import { column, mark } from "#host/context";

import { Reject } from "./errors.js";
import { decodeHeaders } from "./headers.js";
import { isTooDeep } from "./nesting.js";
import { decodeText } from "./text.js";

const FORMATS = new Set(["raw", "text", "json", "avro", "protobuf", "flatbuffers"]);

/** `json` and so on; the own name of a format beyond these. */
export const formatName = (variant) => (variant.tag === "other" ? variant.val : variant.tag);

export const formatVariant = (name) => (FORMATS.has(name) ? { tag: name } : { tag: "other", val: name });

/** One partition of one topic, in one numbering of its offsets. */
export const originFromWit = (origin) => ({
  stream: origin.streamName,
  topic: origin.topicName,
  partition: origin.partition,
  epoch: origin.epoch,
});

export const originToWit = (origin) => ({
  streamName: origin.stream,
  topicName: origin.topic,
  partition: origin.partition,
  epoch: origin.epoch,
});

/** Messages of one partition in offset order. Iterate over it. Offsets, times and ids are BigInt. */
export class Batch {
  #columns = new Map();

  constructor(batch) {
    /** Stream, topic, partition and epoch. */
    this.origin = originFromWit(batch.origin);
    /** This batch accounts for the offsets `begin <= offset < end`, also those filtered on the way. */
    this.begin = batch.begin;
    this.end = batch.end;
    /** 0 on first delivery; higher means that some of it may already be at the destination. */
    this.attempt = batch.attempt;
    /** Whether the host looks for the message that brings the component down. Iterating reports each one by itself. */
    this.isolate = batch.isolate;
    /** `raw`, `text`, `json`, `avro`, `protobuf`, `flatbuffers` or another name; by configuration, not verified. */
    this.format = formatName(batch.format);
    /** Number of messages. */
    this.length = batch.offsets.length;
    this.columns = { data: batch.data, spans: batch.spans, offsets: batch.offsets, ordinals: batch.ordinals };
  }

  *[Symbol.iterator]() {
    for (let index = 0; index < this.length; index += 1) yield this.at(index);
  }

  /** Message `index`, counted from 0 within this batch; undefined if there is none. */
  at(index) {
    if (!(index >= 0 && index < this.length)) return undefined;
    if (this.isolate) mark(index);
    return new Message(this, index);
  }

  /**
   * One BigInt per message, or undefined if the host does not know it. Asked for once per batch.
   *
   * `timestamp`, `origin-timestamp`, `id-low`, `id-high`, `checksum`, `schema`.
   */
  column(name) {
    if (!this.#columns.has(name)) this.#columns.set(name, column(name));
    return this.#columns.get(name);
  }
}

/** One message of a batch. */
export class Message {
  constructor(batch, index) {
    this.batch = batch;
    /** The number within the batch, from 0. */
    this.index = index;
  }

  /** The payload, as a view on the batch's buffer. `payload.slice()` copies. */
  get payload() {
    const { data, spans } = this.batch.columns;
    return data.subarray(spans[this.index * 4], spans[this.index * 4 + 1]);
  }

  /** The headers as they crossed, as a view. */
  get rawHeaders() {
    const { data, spans } = this.batch.columns;
    return data.subarray(spans[this.index * 4 + 2], spans[this.index * 4 + 3]);
  }

  /** The headers as [key, value] pairs in their order; decoded on each call. */
  get headers() {
    return decodeHeaders(this.rawHeaders);
  }

  /** The value of the first header of this name; undefined if there is none. */
  header(key) {
    return this.headers.find(([name]) => name === key)?.[1];
  }

  /** The offset within the partition. Several messages share one if a transform made them of one. */
  get offset() {
    return this.batch.columns.offsets[this.index];
  }

  /** Tells messages of one offset apart: 0, 1, 2 and so on. */
  get ordinal() {
    return this.batch.columns.ordinals[this.index] ?? 0;
  }

  /** When the broker took the message, in microseconds since 1970 UTC; undefined if not known. */
  get timestamp() {
    return this.batch.column("timestamp")?.[this.index];
  }

  /** When the producer says it made the message, in microseconds since 1970 UTC; undefined if not known. */
  get originTimestamp() {
    return this.batch.column("origin-timestamp")?.[this.index];
  }

  /** The message's 128-bit id; undefined if not known. */
  get id() {
    const low = this.batch.column("id-low")?.[this.index];
    const high = this.batch.column("id-high")?.[this.index];
    return low === undefined || high === undefined ? undefined : (high << 64n) | low;
  }

  /** The payload as text. Throws Reject with `code`. */
  text(code = "not_utf8") {
    try {
      return decodeText(this.payload);
    } catch (error) {
      throw new Reject(code, error.message);
    }
  }

  /**
   * The payload as a JavaScript value. Throws Reject `not_json`.
   *
   * JavaScript loses digits of large numbers and reorders keys that look like numbers: `JsonObject` does not.
   */
  json() {
    const text = this.text("not_json");
    if (isTooDeep(text)) throw new Reject("not_json", "nested too deeply");
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Reject("not_json", error.message);
    }
  }
}
