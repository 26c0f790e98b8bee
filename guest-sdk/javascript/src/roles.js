/** The exports that only one role has. */
import { Batch, originFromWit, originToWit } from "./batch.js";
import { Broken, KennelError, MessageError } from "./errors.js";
import { fallible, nothing } from "./guest.js";
import * as log from "./log.js";
import { Output } from "./output.js";
import { Records } from "./records.js";
import { settle } from "./settle.js";
import { decodeText, toBytes } from "./text.js";

export const transformGuest = (slot) => ({
  apply: fallible((columns) => {
    const batch = new Batch(columns);
    const output = new Output(batch.format);
    const { instance } = slot;
    const done = instance.apply ? instance.apply(batch, output) : applyEach(instance, batch, output);
    return settle(done, () => output.toWit());
  }),
});

/** An exception is about the message in hand: it fails, its outputs are taken back, the others go on. */
function applyEach(instance, batch, output) {
  let defects = 0;
  for (const message of batch) {
    const mark = output.mark();
    try {
      if (instance.applyOne(message, output) instanceof Promise) {
        throw new Broken("applyOne answered a promise; write apply(batch, output) for work that waits");
      }
    } catch (error) {
      if (error instanceof KennelError) throw error;
      output.undo(mark, message);
      if (error instanceof MessageError) {
        output.fail(message, error.code, error.detail, { retry: error.retry });
        continue;
      }
      output.fail(message, "exception", error);
      defects += 1;
      // One stack per batch tells the story; a thousand of them hide it.
      if (defects === 1) log.error(`uncaught ${error}`, { offset: message.offset, stack: error?.stack ?? "" });
    }
  }
  if (defects > 1) log.error("more messages of this batch raised exceptions", { messages: defects });
}

export const sinkGuest = (slot) => ({
  assign: fallible((origin, saved) => slot.instance.assign?.(originFromWit(origin), saved)),
  consume: fallible((columns) => settle(slot.instance.consume(new Batch(columns)), (receipt) => receipt.toWit())),
  flush: fallible(() =>
    settle(slot.instance.flush?.() ?? [], (positions) =>
      Array.from(positions, ({ origin, next }) => ({ origin: originToWit(origin), next: BigInt(next) })),
    ),
  ),
  revoke: fallible((origin, lost) => settle(slot.instance.revoke?.(originFromWit(origin), lost), nothing)),
});

export const sourceGuest = (slot) => ({
  start: fallible((cursor) =>
    settle(slot.instance.start(cursor === undefined ? undefined : decodeCursor(cursor)), nothing),
  ),
  poll: fallible((limit) => {
    const records = new Records(slot.description.produces[0] ?? "raw");
    const polled = slot.instance.poll({ messages: limit.messages, bytes: Number(limit.bytes), wait: limit.waitMs }, records);
    return settle(polled, ({ cursor, progress }) => records.toWit(toBytes(JSON.stringify(cursor)), progress));
  }),
  confirm: fallible((cursor) => settle(slot.instance.confirm?.(decodeCursor(cursor)), nothing)),
});

function decodeCursor(cursor) {
  try {
    return JSON.parse(decodeText(cursor));
  } catch (error) {
    throw new Broken(`the saved cursor cannot be read: ${error.message}`);
  }
}
