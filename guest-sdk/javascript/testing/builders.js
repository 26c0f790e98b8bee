/** Batches as the host hands them over. */
import { formatVariant } from "../src/batch.js";
import { encodeHeaders } from "../src/headers.js";
import { Outgoing } from "../src/outgoing.js";

/** A partition, in the shape of the WIT. */
export const origin = ({ stream = "stream", topic = "topic", partition = 1, epoch = 0 } = {}) => ({
  streamName: stream,
  topicName: topic,
  partition,
  epoch: BigInt(epoch),
});

/**
 * A batch of these payloads (bytes or text) with consecutive offsets.
 *
 * @param {object} facts headers (pairs per message), firstOffset, format, isolate, attempt, origin
 */
export function batch(payloads, facts = {}) {
  const { headers = [], firstOffset = 0, format = "json", isolate = false, attempt = 0 } = facts;
  const columns = new Outgoing();
  payloads.forEach((payload, number) => columns.add({ payload, headers: encodeHeaders(headers[number] ?? []) }));
  const begin = BigInt(firstOffset);
  const { data, spans } = columns.toWit({});
  return {
    origin: facts.origin ?? origin(),
    begin,
    end: begin + BigInt(payloads.length),
    attempt,
    isolate,
    format: formatVariant(format),
    data,
    spans: Uint32Array.from(spans),
    offsets: BigUint64Array.from(payloads, (_, number) => begin + BigInt(number)),
    ordinals: new Uint32Array(0),
  };
}
