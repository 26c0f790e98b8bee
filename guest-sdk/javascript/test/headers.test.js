import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeHeaders, encodeHeaders } from "../src/headers.js";

const bytes = (...values) => Uint8Array.from(values);

test("given values of each type, should read what was written", () => {
  const pairs = [
    ["raw", bytes(255, 0)], ["text", "größe"], ["yes", true], ["small", -1n], ["large", 2n ** 63n], ["larger", -(2n ** 100n)],
    ["largest", 2n ** 128n - 1n], ["fraction", 0.25],
  ];
  assert.deepEqual(decodeHeaders(encodeHeaders(pairs)), pairs);
  assert.deepEqual(decodeHeaders(encodeHeaders(Object.fromEntries(pairs))), pairs);
  assert.deepEqual(decodeHeaders(encodeHeaders({ n: 7 })), [["n", 7n]]);
});

test("given every integer kind, should read it", () => {
  const kinds = [[4, 1, true], [5, 2, true], [6, 4, true], [7, 8, true], [8, 16, true], [9, 1, false], [10, 2, false], [11, 4, false],
    [12, 8, false], [13, 16, false]];
  for (const [kind, size, signed] of kinds) {
    const value = new Uint8Array(size).fill(signed ? 255 : 0);
    value[0] = 254;
    const [[, decoded]] = decodeHeaders(bytes(2, 1, 0, 0, 0, 107, kind, size, 0, 0, 0, ...value));
    assert.equal(decoded, size <= 4 ? (signed ? -2 : 254) : signed ? -2n : 254n, `kind ${kind}`);
  }
});

test("given a kind of the future, should skip that header", () => {
  const known = encodeHeaders({ known: "1" });
  const unknown = known.slice();
  unknown[10] = 200;
  assert.deepEqual(decodeHeaders(bytes(...unknown, ...known)), [["known", "1"]]);
});

test("given torn headers, should stop", () => {
  const encoded = encodeHeaders({ one: "1", two: "2" });
  for (let cut = 0; cut < encoded.length; cut += 1) assert.ok(decodeHeaders(encoded.subarray(0, cut)).length <= 1);
});

test("given what the host refuses, should refuse it first", () => {
  const refused = [{ "kennel.x": "1" }, { "": "1" }, { k: "" }, { ["k".repeat(256)]: "1" }, { k: "v".repeat(256) }, { k: 2n ** 128n }];
  for (const headers of refused) assert.throws(() => encodeHeaders(headers), RangeError);
});
