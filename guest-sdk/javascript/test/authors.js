/** Connectors as authors write them. */
import { defineSink, defineSource, defineTransform } from "kennel-sdk";
import { Guest } from "kennel-sdk/testing";

export const transform = (methods, description = {}) =>
  defineTransform({ name: "example", ...description }, withMethods(methods));

export const apply = (method, batch) => new Guest(transform({ apply: method }), {}).apply(batch);
export const applyOne = (method, batch) => new Guest(transform({ applyOne: method }), {}).apply(batch);

export const sink = (methods) => new Guest(defineSink({ name: "example" }, withMethods(methods)), {});
export const source = (methods, description = {}) =>
  new Guest(defineSource({ name: "example", ...description }, withMethods(methods)), {});

function withMethods({ validate, ...methods }) {
  class Example {
    static validate = validate;
  }
  Object.assign(Example.prototype, methods);
  return Example;
}
