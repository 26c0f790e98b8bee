/** Message headers: `[key kind u8][key length u32 LE][key][value kind u8][value length u32 LE][value]`, repeated. */
import { decodeText, toBytes } from "./text.js";

const RAW = 1;
const TEXT = 2;
const BOOL = 3;
const S64 = 7;
const S128 = 8;
const U64 = 12;
const U128 = 13;
const F32 = 14;
const F64 = 15;
const LONGEST = 255;
const RESERVED = "kennel.";
const PREFIX = 5;
/** Bytes and sign of the integer kinds. */
const INTEGERS = new Map([
  [4, [1, true]], [5, [2, true]], [6, [4, true]], [S64, [8, true]], [S128, [16, true]],
  [9, [1, false]], [10, [2, false]], [11, [4, false]], [U64, [8, false]], [U128, [16, false]],
]);

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * The headers as [key, value] pairs in their order, without those of kinds that this version does not know.
 *
 * Integers of up to 32 bits are numbers, larger kinds are BigInt.
 */
export function decodeHeaders(encoded) {
  const pairs = [];
  let at = 0;
  // Ends at the first byte that is no header, as in the other SDKs.
  while (at < encoded.length) {
    const key = field(encoded, at);
    const value = key && field(encoded, key.end);
    if (!value) break;
    at = value.end;
    try {
      const decoded = decodeValue(value.kind, value.bytes);
      if (decoded !== undefined && (key.kind === RAW || key.kind === TEXT)) pairs.push([decodeText(key.bytes), decoded]);
    } catch (error) {
      // Text that is not UTF-8 is a header that cannot be read.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return pairs;
}

function field(encoded, at) {
  if (at + PREFIX > encoded.length) return undefined;
  const start = at + PREFIX;
  const end = start + viewOf(encoded).getUint32(at + 1, true);
  return end > encoded.length ? undefined : { kind: encoded[at], bytes: encoded.subarray(start, end), end };
}

function decodeValue(kind, bytes) {
  if (kind === TEXT) return decodeText(bytes);
  if (kind === RAW) return bytes.slice();
  if (kind === BOOL) return bytes.length === 1 ? bytes[0] !== 0 : undefined;
  if (kind === F32) return bytes.length === 4 ? viewOf(bytes).getFloat32(0, true) : undefined;
  if (kind === F64) return bytes.length === 8 ? viewOf(bytes).getFloat64(0, true) : undefined;
  const integer = INTEGERS.get(kind);
  if (!integer || bytes.length !== integer[0]) return undefined;
  const [size, signed] = integer;
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const exact = signed ? BigInt.asIntN(size * 8, value) : value;
  return size <= 4 ? Number(exact) : exact;
}

/**
 * Encodes an object, a Map or [key, value] pairs; a Uint8Array is taken as encoded already.
 *
 * Strings, Uint8Arrays, booleans, integers (BigInt or number) and other numbers become text, raw, bool, the smallest of
 * s64, u64, s128 and u128 that fits, and f64.
 *
 * @throws {RangeError} for what the host would refuse: empty or longer than 255 bytes, a key that starts with `kennel.`
 */
export function encodeHeaders(headers) {
  if (headers instanceof Uint8Array) return headers;
  const pairs = typeof headers[Symbol.iterator] === "function" ? headers : Object.entries(headers);
  const parts = [];
  for (const [key, value] of pairs) {
    if (key.startsWith(RESERVED)) throw new RangeError(`header keys that start with ${RESERVED} are the host's own: ${key}`);
    for (const [kind, bytes] of [[TEXT, toBytes(key)], typed(value)]) {
      if (bytes.length < 1 || bytes.length > LONGEST) {
        throw new RangeError(`a header's key and value have 1 to ${LONGEST} bytes: ${key} has ${bytes.length}`);
      }
      const prefix = new Uint8Array(PREFIX);
      prefix[0] = kind;
      viewOf(prefix).setUint32(1, bytes.length, true);
      parts.push(prefix, bytes);
    }
  }
  return concatenate(parts);
}

function typed(value) {
  if (typeof value === "string") return [TEXT, toBytes(value)];
  if (typeof value === "boolean") return [BOOL, Uint8Array.of(value ? 1 : 0)];
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return typedInteger(BigInt(value));
  if (typeof value === "number") return [F64, new Uint8Array(Float64Array.of(value).buffer)];
  return [RAW, value];
}

function typedInteger(value) {
  for (const kind of [S64, U64, S128, U128]) {
    const [size, signed] = INTEGERS.get(kind);
    const wrapped = signed ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value);
    if (wrapped === value) {
      return [kind, Uint8Array.from({ length: size }, (_, byte) => Number((value >> BigInt(byte * 8)) & 0xffn))];
    }
  }
  throw new RangeError(`${value} does not fit into 128 bits`);
}

/** Byte arrays one behind the other. */
export function concatenate(parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
