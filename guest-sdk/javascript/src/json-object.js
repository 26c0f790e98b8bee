/** Edits a JSON object as text: what is not touched keeps every character (large numbers, `1.0`, escapes, order of keys). */
import { Reject } from "./errors.js";
import { DEEPEST, isTooDeep } from "./nesting.js";

const SPACE = 0x20;
const BRACKET = /[{}[\]]|"[^"\\]*(?:\\.[^"\\]*)*"/g;

/**
 * An object whose members are text until somebody walks into them. Paths are arrays of keys.
 *
 * Of a key that stands twice the last one counts, as with most parsers; `remove` removes both.
 */
export class JsonObject {
  // { rawKey, key, value }: the key as it stands between its quotes and what it means; JSON text, or a JsonObject once opened.
  #members = [];
  #source = undefined;

  /** Whether anything was changed since it was parsed. */
  changed = true;

  /** Throws Reject `not_json` or `not_an_object`. */
  static parse(text) {
    const isObject = text[skipSpace(text, 0)] === "{";
    if (isTooDeep(text, DEEPEST + Number(isObject))) throw new Reject("not_json", "nested too deeply");
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new Reject("not_json", error.message);
    }
    if (!isObject) throw new Reject("not_an_object", "the payload is JSON but not an object");
    return JsonObject.#parsed(text, value);
  }

  static #parsed(text, value) {
    const object = new JsonObject();
    object.#members = scanMembers(text, value);
    object.#source = text;
    object.changed = false;
    return object;
  }

  /** The JSON text at `path`, or undefined. */
  get(path) {
    const member = this.#parent(path)?.#find(path.at(-1));
    return member && textOf(member.value);
  }

  /**
   * Replaces the value at `path`, or appends it; missing parents are made.
   *
   * @throws {Reject} `path_conflict` if a parent is something else than an object
   */
  put(path, text) {
    const last = path.length - 1;
    let at = this;
    for (let depth = 0; depth < last; depth += 1) {
      at.changed = true;
      let child = at.#child(path[depth]);
      if (child === undefined) {
        if (at.#find(path[depth])) throw new Reject("path_conflict", `${path.slice(0, depth + 1).join(".")} is not an object`);
        child = new JsonObject();
        at.#append(path[depth], child);
      }
      at = child;
    }
    at.changed = true;
    const member = at.#find(path[last]);
    if (member) member.value = text;
    else at.#append(path[last], text);
  }

  /** As `put`, if there is a value at `path`. Answers whether there was. */
  replace(path, text) {
    const found = this.#parent(path)?.#find(path.at(-1)) !== undefined;
    if (found) this.put(path, text);
    return found;
  }

  /** Removes the value at `path` and answers its text, or undefined. */
  remove(path) {
    const text = this.get(path);
    if (text === undefined) return undefined;
    const last = path.length - 1;
    let at = this;
    for (let depth = 0; depth < last; depth += 1) {
      at.changed = true;
      at = at.#child(path[depth]);
    }
    at.changed = true;
    at.#members = at.#members.filter(({ key }) => key !== path[last]);
    return text;
  }

  /**
   * Drops everything that is not in `tree`: a Map of key to null (keep whole) or to a tree of its own.
   *
   * An object that loses all its members that way goes too.
   */
  keep(tree) {
    const kept = this.#members.filter((member) => this.#keeps(member, tree.get(member.key)));
    this.changed ||= kept.length !== this.#members.length;
    this.#members = kept;
  }

  #keeps(member, branch) {
    if (!branch) return branch === null;
    const child = JsonObject.#open(member);
    if (child === undefined) return false;
    child.keep(branch);
    this.changed ||= child.changed;
    return child.#members.length > 0;
  }

  /** The JSON text; the very one that was parsed if nothing has changed. */
  encode() {
    if (!this.changed) return this.#source;
    let members = "";
    for (const { rawKey, value } of this.#members) members += `${members && ","}"${rawKey}":${textOf(value)}`;
    return `{${members}}`;
  }

  #append(key, value) {
    this.#members.push({ rawKey: JSON.stringify(key).slice(1, -1), key, value });
  }

  #find(key) {
    for (let at = this.#members.length - 1; at >= 0; at -= 1) {
      if (this.#members[at].key === key) return this.#members[at];
    }
    return undefined;
  }

  #parent(path) {
    const last = path.length - 1;
    let at = this;
    for (let depth = 0; at && depth < last; depth += 1) at = at.#child(path[depth]);
    return at;
  }

  /** The member as an opened object; undefined if it is absent or something else. */
  #child(key) {
    const member = this.#find(key);
    return member && JsonObject.#open(member);
  }

  /** The value of a member as a JsonObject; undefined if it is something else. */
  static #open(member) {
    if (typeof member.value === "string") {
      if (!member.value.startsWith("{")) return undefined;
      member.value = JsonObject.#parsed(member.value, JSON.parse(member.value));
    }
    return member.value;
  }
}

const textOf = (value) => (typeof value === "string" ? value : value.encode());

/**
 * The members of an object that parsed to `value`.
 *
 * The text is known to be JSON, so this looks for ends only, and leaves long stretches to the engine's own functions.
 */
function scanMembers(text, value) {
  const members = [];
  let at = skipSpace(text, text.indexOf("{") + 1);
  while (text[at] !== "}") {
    const keyEnd = endOfString(text, at);
    const rawKey = text.slice(at + 1, keyEnd - 1);
    const key = rawKey.includes("\\") ? JSON.parse(`"${rawKey}"`) : rawKey;
    const start = skipSpace(text, text.indexOf(":", keyEnd) + 1);
    const end = endOfValue(text, start, value[key]);
    members.push({ rawKey, key, value: text.slice(start, end) });
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return members;
}

function skipSpace(text, at) {
  while (text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}

/** Where the value that starts here ends. `value` is what it parsed to (or, of a repeated key, what the last one did). */
function endOfValue(text, start, value) {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first !== "{" && first !== "[") return endOfWord(text, start);
  // Usually the text is what this engine would print. Brackets close themselves, so a match ends where the value does.
  const guess = JSON.stringify(value);
  return text.startsWith(guess, start) ? start + guess.length : endOfBrackets(text, start);
}

function endOfString(text, start) {
  let end = start;
  let backslashes;
  do {
    end = text.indexOf('"', end + 1);
    backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes += 1;
  } while (backslashes % 2 === 1);
  return end + 1;
}

/** A number, true, false or null. */
function endOfWord(text, start) {
  let end = start;
  while (text.charCodeAt(end) > SPACE && text[end] !== "," && text[end] !== "}") end += 1;
  return end;
}

function endOfBrackets(text, start) {
  BRACKET.lastIndex = start;
  let depth = 0;
  do {
    const [token] = BRACKET.exec(text);
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
  } while (depth > 0);
  return BRACKET.lastIndex;
}
