/**
 * Ids that a replay makes again: version 7 UUIDs whose random bits come from the message's place.
 *
 * The same ids as those of the Rust transform, so that a topic may change from one to the other.
 */

const word = (value) => BigInt.asUintN(64, value);
const hex = (value, digits) => value.toString(16).padStart(digits, "0");

/** Undefined if the time of the message is not known. */
export function uuid7(message) {
  const { timestamp } = message;
  if (timestamp === undefined) return undefined;
  const { stream, topic, partition, epoch } = message.batch.origin;
  const lanes = [0x243f6a8885a308d3n, 0x13198a2e03707344n];
  for (const name of [stream, topic]) addText(lanes, new TextEncoder().encode(name));
  for (const number of [partition, epoch, message.offset, message.ordinal]) addWord(lanes, BigInt(number));
  const [high, low] = lanes.map(mix);
  const milliseconds = timestamp / 1_000n;
  return [
    hex((milliseconds >> 16n) & 0xffffffffn, 8),
    hex(milliseconds & 0xffffn, 4),
    `7${hex(high & 0xfffn, 3)}`,
    hex(0x8000n | ((high >> 12n) & 0x3fffn), 4),
    hex(low & 0xffffffffffffn, 12),
  ].join("-");
}

function addText(lanes, bytes) {
  // The length keeps ("ab", "c") and ("a", "bc") apart.
  addWord(lanes, BigInt(bytes.length));
  for (let start = 0; start < bytes.length; start += 8) {
    addWord(lanes, bytes.subarray(start, start + 8).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
  }
}

function addWord(lanes, value) {
  lanes.forEach((lane, number) => {
    const turned = word((lane << 23n) | (lane >> 41n));
    lanes[number] = mix(turned ^ mix(word(value + lane)));
  });
}

/** One step of splitmix64. */
function mix(value) {
  let mixed = word(value + 0x9e3779b97f4a7c15n);
  mixed = word((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
  mixed = word((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
  return mixed ^ (mixed >> 31n);
}
