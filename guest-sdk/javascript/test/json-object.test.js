import assert from "node:assert/strict";
import { test } from "node:test";

import { JsonObject } from "kennel-sdk";

test("given untouched text, should answer the very same", () => {
  const text = ' { "a" : [ 1.0 , {"x":2} ] , "b":{ } } ';
  assert.equal(JsonObject.parse(text).encode(), text);
});

test("given an opened but unchanged child, should keep its white space", () => {
  const edited = JsonObject.parse('{"a":{ "b" : 1 },"c":2}');
  assert.equal(edited.get(["a", "b"]), "1");
  edited.put(["c"], "3");
  assert.equal(edited.encode(), '{"a":{ "b" : 1 },"c":3}');
});

test("given edits in turn, should see each other", () => {
  const edited = JsonObject.parse('{"a":{"x":1}}');
  edited.put(["a", "y", "z"], "2");
  assert.equal(edited.get(["a", "y"]), '{"z":2}');
  assert.equal(edited.remove(["a", "x"]), "1");
  assert.equal(edited.remove(["a", "x"]), undefined);
  assert.equal(edited.encode(), '{"a":{"y":{"z":2}}}');
});

test("given values that this engine would print otherwise, should find where they end", () => {
  const members = {
    list: '[ 1.0 , "]}" , [ { "k\\\\" : "\\"}" } ] ]', word: "-1.50E+3", text: '"\\\\"', escaped: '"a\\\\\\"b"', numeric: '{"2":1,"1":2}', empty: "{ }",
  };
  const text = `{${Object.entries(members).map(([key, value]) => `"${key}" : ${value}`).join(" , ")}}`;
  const edited = JsonObject.parse(text);
  for (const [key, value] of Object.entries(members)) assert.equal(edited.get([key]), value);
});

test("given keys that objects of this language know, should treat them as any other", () => {
  const edited = JsonObject.parse('{"__proto__":{"a":1},"constructor":2,"toString":{"__proto__":3}}');
  assert.equal(edited.get(["__proto__", "a"]), "1");
  assert.equal(edited.get(["constructor"]), "2");
  assert.equal(edited.remove(["toString", "__proto__"]), "3");
  assert.equal(edited.get(["hasOwnProperty"]), undefined);
  assert.equal(edited.encode(), '{"__proto__":{"a":1},"constructor":2,"toString":{}}');
});

test("given broken text, should reject it wherever it breaks", () => {
  const whole = '{"a":[1,{"b":"c\\u00e9"}],"d":{"e":null,"f":-1.5e3},"g":true}';
  for (let cut = 0; cut < whole.length; cut += 1) {
    assert.throws(() => JsonObject.parse(whole.slice(0, cut)), { code: "not_json" });
  }
});
