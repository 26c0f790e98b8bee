import assert from "node:assert/strict";
import { test } from "node:test";

import { batch, Guest } from "kennel-sdk/testing";

import * as component from "./component.js";

test("given long and short, should pass and mark the short", () => {
  const guest = new Guest(component, { longest: 5, mark: "me" });
  const { outputs } = guest.apply(batch(["short", "longer"], { headers: [{ trace: "7" }] }));
  assert.equal(outputs.length, 1);
  assert.equal(new TextDecoder().decode(outputs[0].payload), "short");
  assert.deepEqual(outputs[0].headers, [["trace", "7"], ["checked-by", "me"]]);
});
