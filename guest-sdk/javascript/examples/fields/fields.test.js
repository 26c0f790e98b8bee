/** The cases that every fields transform has to pass. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { batch, Guest, host, origin } from "kennel-sdk/testing";

import * as fields from "./fields.js";

const golden = JSON.parse(readFileSync(new URL("../../../../tests/golden/fields.json", import.meta.url), "utf8"));

const pairs = (message) => (message.headers ?? []).map(({ key, value }) => [key, value]);

function batchOf(messages) {
  const consecutive = (first) => BigUint64Array.from(messages, (_, number) => BigInt(first + number));
  host.columns.set("timestamp", consecutive(golden.first_timestamp));
  host.columns.set("origin-timestamp", consecutive(golden.first_origin_timestamp));
  const payloads = messages.map(({ payload, payload_hex: hex }) => (hex === undefined ? payload : Buffer.from(hex, "hex")));
  return batch(payloads, { headers: messages.map(pairs), firstOffset: golden.first_offset, origin: origin(golden.origin) });
}

test("given the golden file, it has cases", () => assert.ok(golden.cases.length > 20));

for (const { name, config, messages, expect } of golden.cases) {
  test(`given golden case ${name}, should answer what every language answers`, () => {
    const { outputs, failed } = new Guest(fields, config).apply(batchOf(messages));
    const answers = new Array(messages.length);
    for (const { inputs, payload, headers } of outputs) {
      answers[inputs[0]] = { payload: new TextDecoder().decode(payload) };
      assert.deepEqual(headers, pairs(messages[inputs[0]]));
    }
    for (const { index, code, verdict } of failed) {
      assert.equal(verdict, "reject");
      answers[index] = { failed: code };
    }
    assert.deepEqual(answers, expect);
  });
}

for (const { name, config } of golden.invalid_configs) {
  test(`given invalid configuration ${name}, should refuse it and say where`, () => {
    const guest = new Guest(fields);
    assert.ok(guest.validate(config).length > 0);
    assert.throws(() => guest.open(config), { tag: "invalid-config" });
  });
}
