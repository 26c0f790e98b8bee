import { recorded } from "./recorded.js";

const record = (kind) => (name, value) => recorded.metrics.push({ kind, name, value });

export const add = record("add");
export const set = record("set");
export const observe = record("observe");
