/** What a transform makes of a batch. */
import { formatVariant } from "./batch.js";
import { Failures } from "./failures.js";
import { concatenate, encodeHeaders } from "./headers.js";
import { Outgoing } from "./outgoing.js";

const PAYLOAD = 1;
const HEADERS = 2;

/** Fill it from a batch, in the order in which the messages shall leave. A message that is not mentioned is filtered. */
export class Output {
  #outgoing = new Outgoing();
  #replaced = [];
  #inputs = [];
  // Empty while every output has exactly one input.
  #inputEnds = [];
  #absorbed = new Set();
  #failures = new Failures();

  constructor(format) {
    /** What the payloads are now; the format of the input unless set. */
    this.format = format;
  }

  /** Number of outputs so far. */
  get length() {
    return this.#replaced.length;
  }

  /** Passes a message on as it is. */
  keep(message) {
    this.#add([message.index], {});
  }

  /** Passes a message on with a new payload (bytes or text); its headers stay. */
  payload(message, payload) {
    this.#add([message.index], { payload });
  }

  /** Passes a message on with these headers instead of its own; its payload stays. */
  headers(message, headers) {
    this.#add([message.index], { headers });
  }

  /** Passes a message on with these headers behind its own; its payload stays. */
  addHeaders(message, headers) {
    this.headers(message, concatenate([message.rawHeaders, encodeHeaders(headers)]));
  }

  /**
   * One output for this message; call it as often as needed. What is left out stays as it is in the input.
   *
   * @param {object} parts payload, headers, key (the partition key), route (counts the operator's topics from 0)
   */
  emit(message, parts = {}) {
    this.#add([message.index], parts);
  }

  /** One output for several messages. What is left out is that of the first. */
  merge(messages, parts = {}) {
    const indices = [...new Set(Array.from(messages, (message) => message.index))].sort((one, other) => one - other);
    if (indices.length === 0) throw new RangeError("merge needs at least one message");
    this.#add(indices, parts);
  }

  /** The message lives on only in `state`, and is settled when that is durable. */
  absorb(message) {
    this.#absorbed.add(message.index);
  }

  /** The message failed, and must have no output. `code` is short and stable, `detail` for people. */
  fail(message, code, detail = "", { retry = false } = {}) {
    this.#failures.add(message.index, code, detail, retry);
  }

  #add(indices, parts) {
    this.#outgoing.add(parts);
    this.#replaced.push((parts.payload === undefined ? 0 : PAYLOAD) | (parts.headers === undefined ? 0 : HEADERS));
    const single = indices.length === 1;
    if (!single && this.#inputEnds.length === 0) this.#inputEnds = this.#inputs.map((_, number) => number + 1);
    this.#inputs.push(...indices);
    if (!single || this.#inputEnds.length > 0) this.#inputEnds.push(this.#inputs.length);
  }

  /** A point to return to with `undo`. */
  mark() {
    return { outputs: this.#replaced.length, size: this.#outgoing.size, inputs: this.#inputs.length };
  }

  /** Forgets what was said about `message` since the mark. */
  undo({ outputs, size, inputs }, message) {
    this.#outgoing.truncate(outputs, size);
    this.#replaced.length = outputs;
    this.#inputs.length = inputs;
    this.#inputEnds.length = Math.min(this.#inputEnds.length, outputs);
    this.#absorbed.delete(message.index);
  }

  toWit() {
    return {
      messages: this.#outgoing.toWit(formatVariant(this.format)),
      replaced: Uint8Array.from(this.#replaced),
      inputs: this.#inputs,
      inputEnds: this.#inputEnds,
      absorbed: [...this.#absorbed].sort((one, other) => one - other),
      failed: this.#failures.toWit(),
    };
  }
}
