/** What a sink answers to a batch. */
import { Failures } from "./failures.js";

/** How far a sink came with a batch. */
export class Receipt {
  #failures = new Failures();

  /**
   * @param {number} handled messages 0..handled were dealt with, in order; the rest was not touched and comes again
   * @param {boolean} held whether they become durable only with the next `flush`
   */
  constructor(handled, held) {
    this.handled = handled;
    this.held = held;
  }

  /** All messages are durable at the destination, except those rejected or retried below. */
  static delivered(batch) {
    return new Receipt(batch.length, false);
  }

  /** All messages are taken, and become durable with the next `flush`. */
  static hold(batch) {
    return new Receipt(batch.length, true);
  }

  /** This message will never succeed: it becomes a dead letter. `code` is short and stable. */
  reject(message, code, detail = "") {
    this.#failures.add(message.index, code, detail, false);
  }

  /** This message may succeed later. Others overtake it: only for components described as unordered. */
  retry(message, code, detail = "") {
    this.#failures.add(message.index, code, detail, true);
  }

  toWit() {
    return { handled: this.handled, failed: this.#failures.toWit(), held: this.held };
  }
}
