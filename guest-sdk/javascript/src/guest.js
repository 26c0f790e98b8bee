/** The exports that all roles have, and how exceptions leave a component. */
import { Broken, InvalidConfig, KennelError } from "./errors.js";
import * as log from "./log.js";
import { settle } from "./settle.js";

/** The author's class and, once opened, its instance. */
export class Slot {
  #instance;

  constructor(author, description) {
    this.author = author;
    this.description = description;
  }

  get instance() {
    if (this.#instance === undefined) throw new Broken("called before open");
    return this.#instance;
  }

  open(config) {
    const instance = new this.author();
    return settle(instance.open?.(config), () => {
      this.#instance = instance;
    });
  }

  close() {
    const instance = this.#instance;
    this.#instance = undefined;
    instance?.close?.();
  }

  problems(config) {
    return [...(this.author.validate?.(config) ?? [])];
  }
}

/**
 * Turns an author's exceptions into what the WIT knows.
 *
 * Errors of the SDK keep their meaning. Everything else is a defect: it is logged with its stack and traps, so that the host
 * replaces this instance and, for a batch, finds the message behind it.
 */
export const fallible = (call) => (...parameters) => {
  try {
    const answer = call(...parameters);
    return answer instanceof Promise ? answer.catch(refuse) : answer;
  } catch (error) {
    return refuse(error);
  }
};

function refuse(error) {
  if (error instanceof KennelError) throw error.toWit();
  log.error(`uncaught ${error}`, { stack: error?.stack ?? "" });
  throw error;
}

/** The configuration as an object; nothing at all reads as an empty one. */
function parseConfig(text) {
  let config;
  try {
    config = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    throw new InvalidConfig(`the configuration is not JSON: ${error.message}`);
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new InvalidConfig("the configuration is not a JSON object");
  }
  return config;
}

export const describeGuest = (slot) => ({
  describe: () => JSON.stringify(slot.description),
  validate(text) {
    try {
      return slot.problems(parseConfig(text)).map(([path, detail]) => ({ path, detail: String(detail) }));
    } catch (error) {
      if (error instanceof InvalidConfig) return [{ path: "", detail: error.message }];
      throw error;
    }
  },
});

/** The WIT's `result<_, error>` has no value. */
export const nothing = () => undefined;

export const lifecycleGuest = (slot) => ({
  open: fallible((text) => {
    const config = parseConfig(text);
    for (const [path, detail] of slot.problems(config)) throw new InvalidConfig(path ? `${path}: ${detail}` : String(detail));
    return slot.open(config);
  }),
  tick: fallible(() => settle(slot.instance.tick?.(), nothing)),
  close: () => slot.close(),
});
