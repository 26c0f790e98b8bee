/** The metrics that the description's `metrics` names; no labels. */
import * as host from "#host/metrics";

/** Adds to a counter. */
export const add = (counter, value = 1) => host.add(counter, BigInt(value));

/** Sets a gauge. */
export const set = (gauge, value) => host.set(gauge, value);

/** Adds an observation to a histogram. */
export const observe = (histogram, value) => host.observe(histogram, value);
