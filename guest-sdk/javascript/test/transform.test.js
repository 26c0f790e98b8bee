import assert from "node:assert/strict";
import { test } from "node:test";

import { Broken, Fenced, InvalidConfig, OtherError, Reject, Retry, Unauthorized, Unavailable } from "kennel-sdk";
import { batch, Guest, host, origin } from "kennel-sdk/testing";

import { apply, applyOne, transform } from "./authors.js";

const text = (bytes) => new TextDecoder().decode(bytes);

test("given kept parts, should send no bytes for them", () => {
  const input = batch(["a", "b", "c", "d"], { headers: [0, 1, 2, 3].map((n) => [["k", String(n)]]) });
  const { outputs, raw } = apply((messages, output) => {
    const [first, second, third] = messages;
    output.keep(first);
    output.payload(second, "new");
    output.headers(third, { h: 1 });
  }, input);
  assert.deepEqual(outputs.map(({ payload, headers }) => [text(payload), headers]),
    [["a", [["k", "0"]]], ["new", [["k", "1"]]], ["c", [["h", 1n]]]]);
  assert.deepEqual([...raw.replaced], [0, 1, 2]);
  assert.deepEqual(raw.messages.spans.slice(0, 8), [0, 0, 0, 0, 0, 3, 0, 0]);
  assert.deepEqual([raw.inputEnds, raw.messages.keys, raw.messages.routes], [[], [], []]);
});

test("given one to many and many to one, should name the inputs", () => {
  const { outputs, raw } = apply((messages, output) => {
    const [first, second, third] = messages;
    output.keep(first);
    output.emit(second, { payload: "x", key: "k", route: 1 });
    output.emit(second, { payload: Uint8Array.of(121) });
    output.merge([third, first], { payload: "z", headers: { n: 2 } });
  }, batch(["a", "b", "c"]));
  assert.deepEqual(outputs.map(({ inputs }) => inputs), [[0], [1], [1], [0, 2]]);
  assert.deepEqual(outputs.map(({ payload, key, route }) => [text(payload), text(key), route]),
    [["a", "", 0], ["x", "k", 1], ["y", "", 0], ["z", "", 0]]);
  assert.deepEqual(raw.inputEnds, [1, 2, 3, 5]);
});

test("given failures and absorbed, should answer them ascending and once", () => {
  const { failed, absorbed } = apply((messages, output) => {
    for (const index of [3, 1, 3]) output.fail(messages.at(index), "late", "", { retry: index === 1 });
    for (const index of [2, 0, 2]) output.absorb(messages.at(index));
  }, batch(["a", "b", "c", "d"]));
  assert.deepEqual(failed.map(({ index, verdict }) => [index, verdict]), [[1, "retry"], [3, "reject"]]);
  assert.deepEqual(absorbed, [0, 2]);
});

test("given more bytes than the buffer has, should grow it and keep all", () => {
  const { outputs } = apply((messages, output) => {
    for (const message of messages) output.payload(message, "☃".repeat(5000));
  }, batch(["a", "b"]));
  assert.deepEqual(outputs.map(({ payload }) => text(payload)), ["☃".repeat(5000), "☃".repeat(5000)]);
});

test("given a message, should tell its facts", () => {
  const input = batch(["a", '{"b":1}'], { headers: [{ k: 5 }], firstOffset: 7, origin: origin({ topic: "orders" }) });
  apply((messages) => {
    host.columns.set("timestamp", BigUint64Array.of(1n, 2n));
    host.columns.set("id-low", BigUint64Array.of(2n ** 64n - 1n, 4n));
    host.columns.set("id-high", BigUint64Array.of(1n, 0n));
    assert.deepEqual([messages.length, messages.begin, messages.end, messages.origin.topic], [2, 7n, 9n, "orders"]);
    const facts = Array.from(messages, (m) => [m.offset, m.ordinal, m.timestamp, m.originTimestamp, m.id, m.header("k")]);
    assert.deepEqual(facts, [[7n, 0, 1n, undefined, 2n ** 65n - 1n, 5n], [8n, 0, 2n, undefined, 4n, undefined]]);
    assert.deepEqual(messages.at(1).json(), { b: 1 });
    assert.throws(() => messages.at(0).json(), { code: "not_json" });
    assert.equal(messages.at(2), undefined);
  }, input);
});

test("given isolation, should mark each message before it is seen", () => {
  apply((messages) => {
    for (const message of messages) assert.equal(host.marks.at(-1), message.index);
  }, batch(["a", "b"], { isolate: true }));
  assert.deepEqual(host.marks, [0, 1]);
  apply((messages) => [...messages], batch(["a", "b"]));
  assert.deepEqual(host.marks, []);
});

test("given one bad message, should fail it and take back its outputs", () => {
  const { outputs, failed, absorbed, raw } = applyOne((message, output) => {
    output.payload(message, "half");
    if (message.index === 1) {
      output.absorb(message);
      throw new RangeError("oops");
    }
    if (message.index === 2) throw new Retry("later", "not yet");
    if (message.index === 3) throw new Reject("never");
  }, batch(["a", "b", "c", "d", "e"]));
  assert.deepEqual(outputs.map(({ inputs }) => inputs), [[0], [4]]);
  assert.deepEqual(failed.map(({ index, code, detail, verdict }) => [index, code, detail, verdict]),
    [[1, "exception", "RangeError: oops", "reject"], [2, "later", "not yet", "retry"], [3, "never", "", "reject"]]);
  assert.deepEqual([absorbed, text(raw.messages.data)], [[], "halfhalf"]);
  assert.equal(host.logs.length, 1);
  assert.equal(host.logs[0].message, "uncaught RangeError: oops");
  assert.equal(host.logs[0].fields.offset, "1");
});

test("given an error about the call, should answer its variant", () => {
  const expected = [
    [new Unavailable("down", 1500), { tag: "unavailable", val: { detail: "down", retryAfterMs: 1500n } }],
    [new Unavailable("down"), { tag: "unavailable", val: { detail: "down", retryAfterMs: undefined } }],
    [new Unauthorized("no"), { tag: "unauthorized", val: "no" }],
    [new InvalidConfig("bad"), { tag: "invalid-config", val: "bad" }],
    [new Fenced("gone"), { tag: "fenced", val: "gone" }],
    [new Broken("self"), { tag: "broken", val: "self" }],
    [new OtherError("new"), { tag: "other", val: "new" }],
  ];
  for (const [error, variant] of expected) {
    assert.throws(() => applyOne(() => { throw error; }, batch(["a"])), (thrown) => {
      assert.deepEqual(thrown, variant);
      return true;
    });
  }
});

test("given a defect in apply, should log it and trap", () => {
  assert.throws(() => apply(() => { throw new TypeError("x"); }, batch(["a"])), TypeError);
  assert.equal(host.logs[0].level, "error");
});

test("given a description, should answer every key", () => {
  const asks = [{ capability: "http", target: "config:/url", reason: "why" }];
  const described = new Guest(transform({ apply() {} }, { version: "1.2.3", asks })).describe();
  assert.deepEqual(Object.keys(described), ["name", "version", "licence", "kind", "config_schema", "accepts", "produces", "delivery",
    "ordered", "heartbeat_ms", "state_version", "metrics", "asks", "sdk"]);
  assert.deepEqual([described.kind, described.version, described.sdk.language], ["transform", "1.2.3", "javascript"]);
});

test("given a class that cannot be one, should say so at once", () => {
  assert.throws(() => transform({}), /apply or applyOne/);
  assert.throws(() => transform({ apply() {} }, { delivery: "maybe" }), /delivery is one of/);
  assert.throws(() => transform({ apply() {} }, { config_schema: {} }), /unknown key config_schema/);
});

test("given problems, should refuse to open", () => {
  const guest = new Guest(transform({ apply() {}, validate: (config) => (config.url ? [] : [["/url", "is missing"]]) }));
  assert.deepEqual(guest.validate({}), [{ path: "/url", detail: "is missing" }]);
  assert.throws(() => guest.open({}), { tag: "invalid-config", val: "/url: is missing" });
  guest.open({ url: "x" });
});

test("given a call before open or after close, should be broken", () => {
  const guest = new Guest(transform({ apply() {} }));
  assert.throws(() => guest.apply(batch(["a"])), { tag: "broken" });
  guest.open({});
  guest.tick();
  guest.close();
  assert.throws(() => guest.apply(batch(["a"])), { tag: "broken" });
});

test("given promises, should wait for them and keep the meaning of errors", async () => {
  const guest = new Guest(transform({
    async open({ url }) {
      await null;
      if (!url) throw new Unavailable("not yet");
    },
    async apply(messages, output) {
      for (const message of messages) {
        await null;
        output.payload(message, `${message.text()}!`);
      }
    },
  }));
  await assert.rejects(guest.open({}), (thrown) => thrown.tag === "unavailable");
  await assert.rejects(async () => guest.apply(batch(["a"])), (thrown) => thrown.tag === "broken");
  await guest.open({ url: "x" });
  const { outputs } = await guest.apply(batch(["a", "b"]));
  assert.deepEqual(outputs.map(({ payload }) => text(payload)), ["a!", "b!"]);
});

test("given a promise for one message, should say what to write instead", () => {
  assert.throws(() => applyOne(async () => {}, batch(["a"])), (thrown) => thrown.tag === "broken" && /apply\(batch/.test(thrown.val));
});
