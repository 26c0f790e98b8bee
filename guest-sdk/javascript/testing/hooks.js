/** Module resolution of a component, under Node: the host's interfaces and the SDK by their names. */
const HOST = "kennel:connector/";
const sdk = {
  "kennel-sdk": new URL("../src/index.js", import.meta.url).href,
  "kennel-sdk/testing": new URL("./index.js", import.meta.url).href,
};

export function resolve(specifier, context, next) {
  if (specifier.startsWith(HOST)) {
    const [name] = specifier.slice(HOST.length).split("@");
    return { url: new URL(`./host/${name}.js`, import.meta.url).href, shortCircuit: true };
  }
  return sdk[specifier] ? { url: sdk[specifier], shortCircuit: true } : next(specifier, context);
}
