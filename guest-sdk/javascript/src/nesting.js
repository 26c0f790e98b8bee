/** Keeps brackets from overflowing the stack of a function that recurses. */

/** Levels of lists and objects in a value, the same in every language. */
export const DEEPEST = 128;

const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g;
const OTHERS = /[^{}[\]]+/g;

/** Whether JSON text nests deeper. Of text that is no JSON the answer means nothing. */
export function isTooDeep(text, deepest = DEEPEST) {
  if (text.split("{").length + text.split("[").length - 2 <= deepest) return false;
  let level = 0;
  for (const bracket of text.replace(STRINGS, "").replace(OTHERS, "")) {
    level += bracket === "{" || bracket === "[" ? 1 : -1;
    if (level > deepest) return true;
  }
  return false;
}
