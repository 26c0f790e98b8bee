/**
 * Two families: a `KennelError` is about the whole call and never dead-letters a message; `Reject` and `Retry` are about
 * one message.
 */

/** Why a whole call failed. Throw one of the subclasses. */
export class KennelError extends Error {
  /** The error as the WIT knows it. */
  toWit() {
    return { tag: "other", val: this.message };
  }
}

/** The other system is down, slow or throttling: the host backs off and brings the same batch again. */
export class Unavailable extends KennelError {
  /**
   * @param {string} detail
   * @param {number} [retryAfter] the least wait in milliseconds that the other system asked for
   */
  constructor(detail, retryAfter) {
    super(detail);
    this.retryAfter = retryAfter;
  }

  toWit() {
    const wait = this.retryAfter === undefined ? undefined : BigInt(Math.max(0, Math.trunc(this.retryAfter)));
    return { tag: "unavailable", val: { detail: this.message, retryAfterMs: wait } };
  }
}

/** Credentials or rights are wrong: the host waits for the operator. */
export class Unauthorized extends KennelError {
  toWit() {
    return { tag: "unauthorized", val: this.message };
  }
}

/** The configuration cannot work: the connector stops until it changes. */
export class InvalidConfig extends KennelError {
  toWit() {
    return { tag: "invalid-config", val: this.message };
  }
}

/** Somebody else has moved this partition on. */
export class Fenced extends KennelError {
  toWit() {
    return { tag: "fenced", val: this.message };
  }
}

/** This instance is broken: the host replaces it, within the restart budget. */
export class Broken extends KennelError {
  toWit() {
    return { tag: "broken", val: this.message };
  }
}

/** Anything else; treated as unavailable. */
export class OtherError extends KennelError {}

/** One message failed while others go on. `code` is short and stable (a metric's label), `detail` for people. */
export class MessageError extends Error {
  constructor(code, detail = "") {
    super(`${code}: ${detail}`);
    this.code = code;
    this.detail = String(detail);
  }

  get retry() {
    return false;
  }
}

/** The message will never succeed: it becomes a dead letter. */
export class Reject extends MessageError {}

/** The message may succeed later. Others overtake it, so only for components described as unordered. */
export class Retry extends MessageError {
  get retry() {
    return true;
  }
}
