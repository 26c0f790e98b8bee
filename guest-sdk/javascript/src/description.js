/** What a component says about itself. */
import { VERSION } from "./version.js";

const DELIVERIES = ["at-least-once", "idempotent", "transactional"];
const KNOWN = new Set([
  "name", "version", "licence", "summary", "configSchema", "accepts", "produces", "delivery", "ordered", "heartbeatMs",
  "stateVersion", "metrics", "asks",
]);

/**
 * The document of `describe.describe`. All but `name` is optional.
 *
 * `asks` holds { capability, target, reason }; a target may point into the configuration: "config:/url". With
 * optional: true the component also works where it is not granted; without, it is refused there.
 */
export function describeComponent(kind, description) {
  const unknown = Object.keys(description).find((key) => !KNOWN.has(key));
  if (unknown !== undefined) throw new TypeError(`unknown key ${unknown} in the description`);
  if (!description.name) throw new TypeError("the description needs a name");
  const { delivery = "at-least-once" } = description;
  if (!DELIVERIES.includes(delivery)) throw new TypeError(`delivery is one of ${DELIVERIES.join(", ")}, not ${delivery}`);
  return {
    name: description.name,
    version: description.version ?? "0.0.0",
    licence: description.licence ?? "Apache-2.0",
    kind,
    ...(description.summary ? { summary: description.summary } : {}),
    config_schema: description.configSchema ?? { type: "object" },
    accepts: description.accepts ?? [],
    produces: description.produces ?? [],
    delivery,
    ordered: description.ordered ?? true,
    heartbeat_ms: description.heartbeatMs ?? 0,
    state_version: description.stateVersion ?? 0,
    metrics: description.metrics ?? [],
    asks: (description.asks ?? []).map(({ capability, target = "", reason = "", optional = false }) => ({
      capability,
      target,
      reason,
      ...(optional ? { optional } : {}),
    })),
    sdk: { language: "javascript", version: VERSION },
  };
}
