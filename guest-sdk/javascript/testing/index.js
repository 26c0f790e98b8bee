/**
 * Runs a connector under Node: the code of a component, with recorded stand-ins for the host.
 *
 *     import { batch, Guest } from "kennel-sdk/testing";
 *     import * as fields from "./fields.js";
 *
 *     const guest = new Guest(fields, { operations: [] });
 *     const { outputs } = guest.apply(batch(['{"id":1}']));
 */
export { batch, origin } from "./builders.js";
export { Guest } from "./guest.js";
export { recorded as host } from "./host/recorded.js";
