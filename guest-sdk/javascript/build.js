#!/usr/bin/env node
/**
 * Builds a component from an ES module:
 *
 *     node build.js --tools DIR --wit DIR --kind transform --output FILE.wasm ENTRY.js
 *
 * `--tools` is a folder in which `npm ci` installed what `tools/package.json` names. The entry may import files beside or
 * below it, and `kennel-sdk`.
 */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const SDK = fileURLToPath(new URL("./src/", import.meta.url));
const KINDS = ["sink", "source", "transform"];
/** A component answers calls; it does not serve HTTP. */
const DISABLED = ["fetch-event"];

function parameters() {
  const text = { type: "string" };
  const options = { tools: text, wit: text, kind: text, output: text };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const missing = Object.keys(options).find((name) => values[name] === undefined);
  if (missing) throw new Error(`--${missing} is missing`);
  if (!KINDS.includes(values.kind)) throw new Error(`--kind is one of ${KINDS.join(", ")}, not ${values.kind}`);
  if (positionals.length !== 1) throw new Error("name the entry module");
  return { ...values, entry: resolve(positionals[0]) };
}

const installed = (tools, path) => import(pathToFileURL(resolve(tools, "node_modules", path)).href);

/** `kennel:connector@VERSION`, split at the version: what the host's interfaces are called. */
async function witPackage(folder) {
  for (const name of await readdir(folder)) {
    const found = name.endsWith(".wit") && /^package (kennel:connector)@(.+);$/m.exec(await readFile(join(folder, name), "utf8"));
    if (found) return { name: found[1], version: found[2] };
  }
  throw new Error(`no WIT package kennel:connector in ${folder}`);
}

/** Copies modules into a folder that holds nothing else. The engine knows relative imports only, so others are rewritten. */
class Stage {
  #folder;
  #roots;
  #host;
  #copied = new Set();

  constructor(folder, entry, host) {
    this.#folder = folder;
    this.#roots = [[SDK, "kennel-sdk"], [dirname(entry) + sep, "component"]];
    this.#host = host;
  }

  /** Where the copy of a module is. */
  place(module) {
    const root = this.#roots.find(([folder]) => module.startsWith(folder));
    if (root === undefined) throw new Error(`${module} lies outside of the entry's folder`);
    return join(this.#folder, root[1], relative(root[0], module));
  }

  /** Copies a module and all that it imports. */
  async add(module, parse) {
    if (this.#copied.has(module)) return;
    this.#copied.add(module);
    const place = this.place(module);
    if (!module.startsWith(SDK)) checkSyntax(module);
    let code = await readFile(module, "utf8");
    // From the back, so that positions stay true.
    for (const { n: specifier, s: start, e: end, d: dynamic } of parse(code, module)[0].reverse()) {
      if (dynamic !== -1) throw new Error(`${module} uses import() or import.meta, which a component does not have`);
      code = `${code.slice(0, start)}${await this.#rewrite(specifier, module, parse)}${code.slice(end)}`;
    }
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, code);
  }

  async #rewrite(specifier, module, parse) {
    if (specifier.startsWith("#host/") && module.startsWith(SDK)) return this.#host(specifier.slice("#host/".length));
    const target = resolveImport(specifier, module);
    await this.add(target, parse);
    const path = relative(dirname(this.place(module)), this.place(target)).split(sep).join("/");
    return path.startsWith(".") ? path : `./${path}`;
  }
}

/** The engine says that a module does not parse, but not where. */
function checkSyntax(module) {
  const { status, stderr } = spawnSync(process.execPath, ["--check", module], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr.trim());
}

function resolveImport(specifier, module) {
  if (specifier === "kennel-sdk") return join(SDK, "index.js");
  if (specifier.startsWith("./") || specifier.startsWith("../")) return resolve(dirname(module), specifier);
  throw new Error(`${module} imports ${specifier}: bundle packages into one file of your own first`);
}

async function build({ tools, wit, kind, output, entry }) {
  const { init, parse } = await installed(tools, "es-module-lexer/dist/lexer.js");
  const { componentize } = await installed(tools, "@bytecodealliance/componentize-js/src/componentize.js");
  await init;
  const witPath = resolve(wit);
  const { name, version } = await witPackage(witPath);
  const target = resolve(output);
  const folder = await mkdtemp(join(tmpdir(), "kennel-build-"));
  try {
    const stage = new Stage(folder, entry, (face) => `${name}/${face}@${version}`);
    await stage.add(entry, parse);
    // The engine sees the working folder as its root.
    process.chdir(folder);
    const { component } = await componentize({
      sourcePath: stage.place(entry),
      witPath,
      worldName: `${kind}-guest`,
      disableFeatures: DISABLED,
    });
    await mkdir(dirname(target), { recursive: true });
    // Appears whole or not at all.
    await writeFile(`${target}.incomplete`, component);
    await rename(`${target}.incomplete`, target);
  } finally {
    process.chdir(tmpdir());
    await rm(folder, { recursive: true });
  }
}

try {
  await build(parameters());
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
