import { recorded } from "./recorded.js";

export const get = (keys) => keys.map((key) => recorded.state.get(key));

export function put(entries) {
  for (const [key, value] of entries) recorded.state.set(key, value);
}

export function remove(keys) {
  for (const key of keys) recorded.state.delete(key);
}

export function scan(prefix, after, limit) {
  const wanted = ([key]) => key.startsWith(prefix) && (after === undefined || key > after);
  return [...recorded.state].filter(wanted).sort(([one], [other]) => (one < other ? -1 : 1)).slice(0, limit);
}
