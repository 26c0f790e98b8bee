/** The version that `describe` reports. */
export const VERSION = "0.1.0";
