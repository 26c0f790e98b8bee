/**
 * Write Kennel connectors and transforms in JavaScript.
 *
 * An author sees messages; the columns that cross the boundary stay in here. See the README beside this folder.
 */
export { defineSink, defineSource, defineTransform } from "./component.js";
export { Broken, Fenced, InvalidConfig, KennelError, OtherError, Reject, Retry, Unauthorized, Unavailable } from "./errors.js";
export { JsonObject } from "./json-object.js";
export { Receipt } from "./receipt.js";
export { Polled } from "./records.js";
export * as log from "./log.js";
export * as metrics from "./metrics.js";
export * as state from "./state.js";
