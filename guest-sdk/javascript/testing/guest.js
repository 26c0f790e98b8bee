/** Calls the exports of an author's module as the host would. */
import { Batch } from "../src/batch.js";
import { decodeHeaders } from "../src/headers.js";
import { settle } from "../src/settle.js";
import { recorded } from "./host/recorded.js";

/** Message `number` as its own columns tell it. */
function made(messages, number) {
  const { data, spans, keys, routes } = messages;
  const [start, end, headersStart, headersEnd] = spans.slice(number * 4, number * 4 + 4);
  return {
    payload: data.slice(start, end),
    headers: decodeHeaders(data.subarray(headersStart, headersEnd)),
    key: keys.length > 0 ? data.slice(keys[number * 2], keys[number * 2 + 1]) : undefined,
    route: routes[number] ?? 0,
  };
}

/** A transform's answer with the parts filled in that were kept. */
function transformed(columns, raw) {
  // Isolation marks belong to the component's own reading.
  const inputs = [...new Batch({ ...columns, isolate: false })];
  const ends = raw.inputEnds.length > 0 ? raw.inputEnds : raw.inputs.map((_, number) => number + 1);
  const outputs = ends.map((end, number) => {
    const owned = raw.inputs.slice(number === 0 ? 0 : ends[number - 1], end);
    const own = made(raw.messages, number);
    const first = inputs[owned[0]];
    return {
      ...own,
      inputs: owned,
      payload: raw.replaced[number] & 1 ? own.payload : first.payload.slice(),
      headers: raw.replaced[number] & 2 ? own.headers : first.headers,
    };
  });
  return { outputs, failed: raw.failed, absorbed: raw.absorbed, raw };
}

/** The component that a module is. A configuration opens it at once. What an author answers by a promise comes as one. */
export class Guest {
  constructor(module, config = undefined) {
    recorded.reset();
    this.module = module;
    if (config !== undefined) this.open(config);
  }

  describe() {
    return JSON.parse(this.module.describe.describe());
  }

  validate(config) {
    return this.module.describe.validate(JSON.stringify(config));
  }

  open(config) {
    return this.module.lifecycle.open(JSON.stringify(config));
  }

  tick() {
    return this.module.lifecycle.tick();
  }

  close() {
    this.module.lifecycle.close();
  }

  /** Transforms a batch; parts that were kept are filled in. */
  apply(columns) {
    return settle(this.module.transform.apply(columns), (raw) => transformed(columns, raw));
  }

  /** Hands a sink a batch. */
  consume(columns) {
    return this.module.sink.consume(columns);
  }

  /** Starts a source behind a cursor, or at its beginning. */
  start(cursor) {
    return this.module.source.start(cursor === undefined ? undefined : new TextEncoder().encode(JSON.stringify(cursor)));
  }

  /** Polls a source; answers its records, the cursor as a value and the progress. */
  poll({ messages = 1000, bytes = 1 << 20, waitMs = 0 } = {}) {
    return settle(this.module.source.poll({ messages, bytes: BigInt(bytes), waitMs }), (raw) => {
      const records = Array.from({ length: raw.messages.spans.length / 4 }, (_, number) => made(raw.messages, number));
      return { records, cursor: JSON.parse(new TextDecoder().decode(raw.cursor)), progress: raw.progress, raw };
    });
  }
}
