/** What a source reads, on its way to the host. */
import { formatVariant } from "./batch.js";
import { Outgoing } from "./outgoing.js";

/** What a poll answers beside its records. A cursor is any JSON value of at most 64 KiB: where to go on after them. */
export class Polled {
  constructor(cursor, progress) {
    this.cursor = cursor;
    this.progress = progress;
  }

  /** There is more to read at once. */
  static more(cursor) {
    return new Polled(cursor, "more");
  }

  /** Nothing more for the moment. */
  static idle(cursor) {
    return new Polled(cursor, "idle");
  }

  /** Nothing more for ever. */
  static finished(cursor) {
    return new Polled(cursor, "finished");
  }
}

/** Where a poll puts what it reads. */
export class Records {
  #outgoing = new Outgoing();
  #ids = [];

  constructor(format) {
    /** What the payloads are; the first of the description's `produces` unless set. */
    this.format = format;
  }

  /** Number of records so far. */
  get length() {
    return this.#outgoing.length;
  }

  /** Bytes of all records so far. */
  get bytes() {
    return this.#outgoing.size;
  }

  /** Whether `limit` is reached. */
  isFull(limit) {
    return this.length >= limit.messages || this.bytes >= limit.bytes;
  }

  /**
   * Adds a record.
   *
   * @param {Uint8Array|string} payload
   * @param {object} parts headers, key, route, id: a natural 128-bit id (BigInt), the same on every re-read, for all
   * records of a poll or for none
   */
  push(payload, { headers, key, route, id } = {}) {
    if (this.length > 0 && (id === undefined) !== (this.#ids.length === 0)) {
      throw new RangeError("give an id to all records of a poll or to none");
    }
    this.#outgoing.add({ payload, headers, key, route });
    if (id !== undefined) this.#ids.push(BigInt.asUintN(64, id), id >> 64n);
  }

  toWit(cursor, progress) {
    return { messages: this.#outgoing.toWit(formatVariant(this.format)), ids: this.#ids, cursor, progress };
  }
}
