/** `node --import kennel-sdk/testing/register.js --test`: runs connectors under Node, with stand-ins for the host. */
import { register } from "node:module";

register("./hooks.js", import.meta.url);
