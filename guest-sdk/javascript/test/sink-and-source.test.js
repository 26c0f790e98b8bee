import assert from "node:assert/strict";
import { test } from "node:test";

import { metrics, Polled, Receipt, state } from "kennel-sdk";
import { batch, host, origin } from "kennel-sdk/testing";

import { sink, source } from "./authors.js";

const text = (bytes) => new TextDecoder().decode(bytes);
const bytes = (value) => new TextEncoder().encode(value);

test("given a batch, should answer its receipt", () => {
  const receipt = sink({
    consume(messages) {
      const answer = Receipt.hold(messages);
      answer.reject(messages.at(2), "bad", "why");
      answer.retry(messages.at(0), "busy");
      return answer;
    },
  }).consume(batch(["a", "b", "c"]));
  assert.deepEqual([receipt.handled, receipt.held], [3, true]);
  assert.deepEqual(receipt.failed.map(({ index, verdict, code }) => [index, verdict, code]), [[0, "retry", "busy"], [2, "reject", "bad"]]);
});

test("given partitions, should pass them both ways", () => {
  const { module } = sink({
    assign(partition, saved) {
      this.partition = partition;
      return saved === undefined ? 42n : undefined;
    },
    consume: (messages) => Receipt.delivered(messages),
    flush() {
      return [{ origin: this.partition, next: 50 }];
    },
  });
  assert.equal(module.sink.assign(origin({ epoch: 3 }), undefined), 42n);
  assert.deepEqual(module.sink.flush(), [{ origin: origin({ epoch: 3 }), next: 50n }]);
  assert.equal(module.sink.revoke(origin(), true), undefined);
});

test("given only consume, should answer for the rest", () => {
  const { module } = sink({ consume: () => new Receipt(0, false) });
  assert.equal(module.sink.assign(origin(), 7n), undefined);
  assert.deepEqual(module.sink.flush(), []);
});

const counting = {
  start(cursor) {
    this.next = cursor?.next ?? 0;
  },
  poll(limit, records) {
    while (!records.isFull(limit)) {
      records.push(`m${this.next}`, { headers: { n: this.next }, key: "k", route: this.next % 2, id: BigInt(this.next) | (1n << 127n) });
      this.next += 1;
    }
    return Polled.more({ next: this.next });
  },
};

test("given a poll, should answer records, cursor and progress", () => {
  const guest = source(counting, { produces: ["text"] });
  guest.start({ next: 5 });
  const { records, cursor, progress, raw } = guest.poll({ messages: 2 });
  assert.deepEqual(records.map(({ payload, headers, key, route }) => [text(payload), headers, text(key), route]),
    [["m5", [["n", 5n]], "k", 1], ["m6", [["n", 6n]], "k", 0]]);
  assert.deepEqual([cursor, progress, raw.messages.format], [{ next: 7 }, "more", { tag: "text" }]);
  assert.deepEqual(raw.ids, [5n, 1n << 63n, 6n, 1n << 63n]);
  guest.start(undefined);
  assert.equal(text(guest.poll({ messages: 1 }).records[0].payload), "m0");
});

test("given ids for some records only, should refuse", () => {
  const guest = source({
    start() {},
    poll(_, records) {
      records.push("a", { id: 1n });
      records.push("b");
    },
  });
  assert.throws(() => guest.poll(), /all records/);
});

test("given a cursor that is no JSON, should be broken", () => {
  const { module } = source({ start() {}, poll() {} });
  assert.throws(() => module.source.start(Uint8Array.of(255)), { tag: "broken" });
});

test("given state, should read its own writes", () => {
  host.reset();
  state.put("a", "1");
  state.putMany([["b", bytes("2")], ["c", "3"]]);
  state.remove("c");
  assert.equal(text(state.get("a")), "1");
  assert.deepEqual(state.getMany(["b", "c"]), [bytes("2"), undefined]);
  assert.deepEqual(state.scan("", { after: "a" }), [["b", bytes("2")]]);
});

test("given metrics, should reach the host", () => {
  host.reset();
  metrics.add("rows");
  metrics.set("depth", 3);
  assert.deepEqual(host.metrics, [{ kind: "add", name: "rows", value: 1n }, { kind: "set", name: "depth", value: 3 }]);
});
