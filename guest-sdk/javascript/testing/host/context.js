import { recorded } from "./recorded.js";

export const column = (name) => recorded.columns.get(name);
export const attribute = (name) => recorded.attributes.get(name);
export const mark = (index) => recorded.marks.push(index);
