/** Log lines with fields: `log.info("opened", { rows: 12 })`. */
import { log } from "#host/log";

const at = (level) => (message, fields = {}) => {
  log(level, String(message), Object.entries(fields).map(([name, value]) => [name, String(value)]));
};

export const trace = at("trace");
export const debug = at("debug");
export const info = at("info");
export const warn = at("warn");
export const error = at("error");
