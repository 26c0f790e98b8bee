/** Messages on their way out: one growing buffer and the columns beside it, shared by sources and transforms. */
import { encodeHeaders } from "./headers.js";
import { encodeInto } from "./text.js";

const SMALLEST = 4096;
/** Bytes of UTF-8 that one UTF-16 unit may need. */
const WIDEST = 3;

export class Outgoing {
  #buffer = new Uint8Array(SMALLEST);

  constructor() {
    /** Bytes used of the buffer. */
    this.size = 0;
    this.spans = [];
    // An optional column is empty or complete: these stay empty until one message needs them.
    this.keys = [];
    this.routes = [];
  }

  get length() {
    return this.spans.length / 4;
  }

  /** Appends text or bytes; answers where they came to lie. */
  append(data) {
    const start = this.size;
    const isText = typeof data === "string";
    this.#reserve(isText ? data.length * WIDEST : data.length);
    if (isText) {
      this.size += encodeInto(data, this.#buffer.subarray(start));
    } else {
      this.#buffer.set(data, start);
      this.size += data.length;
    }
    return [start, this.size];
  }

  /** Adds a message. What is undefined keeps the span 0,0. */
  add({ payload, headers, key, route = 0 }) {
    const before = this.length;
    const [start, end] = payload === undefined ? [0, 0] : this.append(payload);
    const [headersStart, headersEnd] = headers === undefined ? [0, 0] : this.append(encodeHeaders(headers));
    this.spans.push(start, end, headersStart, headersEnd);
    if (key !== undefined) {
      if (this.keys.length === 0) this.keys = new Array(before * 2).fill(0);
      this.keys.push(...this.append(key));
    } else if (this.keys.length > 0) {
      this.keys.push(0, 0);
    }
    if (route !== 0 && this.routes.length === 0) this.routes = new Array(before).fill(0);
    if (route !== 0 || this.routes.length > 0) this.routes.push(route);
  }

  /** Takes back all but the first `messages` and `size` bytes. */
  truncate(messages, size) {
    this.spans.length = messages * 4;
    this.keys.length = Math.min(this.keys.length, messages * 2);
    this.routes.length = Math.min(this.routes.length, messages);
    this.size = size;
  }

  toWit(format) {
    return { format, data: this.#buffer.subarray(0, this.size), spans: this.spans, keys: this.keys, routes: this.routes };
  }

  #reserve(bytes) {
    const needed = this.size + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.size));
    this.#buffer = larger;
  }
}
