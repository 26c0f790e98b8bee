/** Where in an object: keys joined by dots. */

/** The keys. `\.` is a dot within a key, `\\` a backslash. Throws RangeError. */
export function split(path) {
  const keys = [""];
  for (let at = 0; at < path.length; at += 1) {
    if (path[at] === ".") {
      keys.push("");
      continue;
    }
    if (path[at] === "\\") {
      at += 1;
      if (path[at] !== "." && path[at] !== "\\") {
        throw new RangeError("in a path, a backslash stands only before a dot or a backslash");
      }
    }
    keys[keys.length - 1] += path[at];
  }
  if (keys.includes("")) throw new RangeError("a path is keys joined by single dots, such as `customer.name`");
  return keys;
}
