/**
 * Durable keys and values of the partition in hand (sink, transform) or of the connector (source).
 *
 * Writes become durable with the checkpoint that covers the call, and vanish when the call fails or is replayed: keep no
 * copy in a field between calls.
 */
import * as host from "#host/state";

import { toBytes } from "./text.js";

/** The host refused: `reason` is `denied`, `quota`, `not-now` or `other`. */
export class StateError extends Error {
  constructor({ tag, val }) {
    super(val === undefined ? tag : `${tag}: ${val}`);
    this.reason = tag;
  }
}

function ask(call) {
  try {
    return call();
  } catch (error) {
    // The binding throws the WIT's error, wrapped or bare.
    const refusal = error?.payload ?? error;
    throw refusal?.tag === undefined ? error : new StateError(refusal);
  }
}

/** The value's bytes, or undefined. */
export const get = (key) => getMany([key])[0];

/** One value or undefined per key, in one call to the host. */
export const getMany = (keys) => ask(() => host.get([...keys]));

/** Writes bytes or text under a key. */
export const put = (key, value) => putMany([[key, value]]);

/** Writes [key, value] pairs in one call to the host. */
export const putMany = (entries) => ask(() => host.put(Array.from(entries, ([key, value]) => [key, toBytes(value)])));

/** Removes keys; absent ones are ignored. */
export const remove = (...keys) => ask(() => host.remove(keys));

/** [key, bytes] pairs in key order, those behind `after` only. */
export const scan = (prefix, { after, limit = 1000 } = {}) => ask(() => host.scan(prefix, after, limit));
