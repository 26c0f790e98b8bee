/** UTF-8 both ways. Wrong bytes throw, and a byte order mark is a character like any other. */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export const decodeText = (bytes) => decoder.decode(bytes);

/** Text becomes UTF-8; everything else has to be bytes already. */
export const toBytes = (data) => (typeof data === "string" ? encoder.encode(data) : data);

/** Writes text to the front of `target`, which has room for it, and answers the number of bytes. */
export const encodeInto = (text, target) => encoder.encodeInto(text, target).written;
