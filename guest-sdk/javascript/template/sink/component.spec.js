import assert from "node:assert/strict";
import { test } from "node:test";

import { batch, Guest, host } from "kennel-sdk/testing";

import * as component from "./component.js";

test("given numbers, should add them up and reject the rest", () => {
  const guest = new Guest(component, { field: "total" });
  const { failed } = guest.consume(batch(['{"total":1.5}', "nonsense", '{"total":2}']));
  assert.deepEqual(failed.map(({ index }) => index), [1]);
  assert.deepEqual(host.logs.at(-1), { level: "info", message: "added up", fields: { field: "total", sum: "3.5" } });
});

test("given an empty field, should find the problem", () => {
  assert.deepEqual(new Guest(component).validate({ field: "" }), [{ path: "/field", detail: "is empty" }]);
});
