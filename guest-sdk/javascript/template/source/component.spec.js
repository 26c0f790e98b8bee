import assert from "node:assert/strict";
import { test } from "node:test";

import { Guest } from "kennel-sdk/testing";

import * as component from "./component.js";

const numbers = ({ records }) => records.map(({ payload }) => JSON.parse(new TextDecoder().decode(payload)).number);

test("given a saved cursor, should go on behind it", () => {
  const first = new Guest(component, { last: 5 });
  first.start(undefined);
  const reading = first.poll({ messages: 3 });
  assert.deepEqual(numbers(reading), [1, 2, 3]);
  assert.equal(reading.progress, "more");

  const restarted = new Guest(component, { last: 5 });
  restarted.start(reading.cursor);
  const rest = restarted.poll({ messages: 3 });
  assert.deepEqual(numbers(rest), [4, 5]);
  assert.equal(rest.progress, "finished");
});
