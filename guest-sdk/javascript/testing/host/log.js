import { recorded } from "./recorded.js";

export const log = (level, message, fields) => recorded.logs.push({ level, message, fields: Object.fromEntries(fields) });
