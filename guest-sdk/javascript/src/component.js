/** From an author's class to the exports of a component. */
import { describeComponent } from "./description.js";
import { describeGuest, lifecycleGuest, Slot } from "./guest.js";
import { sinkGuest, sourceGuest, transformGuest } from "./roles.js";

/**
 * Makes a class the transform of this component:
 *
 *     export const { describe, lifecycle, transform } = defineTransform({ name: "upper" }, class { .. });
 *
 * The class has `apply(batch, output)`, or `applyOne(message, output)` if it looks at one message at a time; and if it likes
 * `open(config)`, `tick()`, `close()` and a static `validate(config)`, which answers [JSON Pointer, detail] pairs.
 */
export function defineTransform(description, author) {
  const slot = define("transform", description, author, [["apply", "applyOne"]]);
  return { describe: describeGuest(slot), lifecycle: lifecycleGuest(slot), transform: transformGuest(slot) };
}

/**
 * Makes a class the sink of this component.
 *
 * The class has `consume(batch)`, which answers a Receipt; and if it likes `assign(origin, saved)`, `flush()`, which
 * answers { origin, next } objects, `revoke(origin, lost)`, and what a transform may have.
 */
export function defineSink(description, author) {
  const slot = define("sink", description, author, [["consume"]]);
  return { describe: describeGuest(slot), lifecycle: lifecycleGuest(slot), sink: sinkGuest(slot) };
}

/**
 * Makes a class the source of this component.
 *
 * The class has `start(cursor)` and `poll(limit, records)`, which answers a Polled; and if it likes `confirm(cursor)`, and
 * what a transform may have.
 */
export function defineSource(description, author) {
  const slot = define("source", description, author, [["start"], ["poll"]]);
  return { describe: describeGuest(slot), lifecycle: lifecycleGuest(slot), source: sourceGuest(slot) };
}

function define(kind, description, author, needed) {
  for (const choices of needed) {
    if (!choices.some((method) => typeof author.prototype?.[method] === "function")) {
      throw new TypeError(`a ${kind} needs a method ${choices.join(" or ")}`);
    }
  }
  return new Slot(author, describeComponent(kind, description));
}
