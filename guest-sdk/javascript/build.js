#!/usr/bin/env node
/**
 * Builds a component from an ES module:
 *
 *     node build.js --tools DIR --wit DIR --world transform-guest --output FILE.wasm ENTRY.js
 *
 * `--tools` is a folder in which `npm ci` installed what `tools/package.json` names. The entry may import files beside or
 * below it, and `kennel-sdk`.
 */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const SDK = fileURLToPath(new URL("./src/", import.meta.url));
const HOST = "kennel:connector/";
/** A component answers calls; it does not serve HTTP. */
const DISABLED = ["fetch-event"];

function parameters() {
  const text = { type: "string" };
  const { values, positionals } = parseArgs({ options: { tools: text, wit: text, world: text, output: text }, allowPositionals: true });
  const missing = ["tools", "wit", "world", "output"].find((name) => values[name] === undefined);
  if (missing) throw new Error(`--${missing} is missing`);
  if (positionals.length !== 1) throw new Error("name the entry module");
  return { ...values, entry: resolve(positionals[0]) };
}

const installed = (tools, path) => import(pathToFileURL(resolve(tools, "node_modules", path)).href);

/**
 * Copies a module and what it imports under `stage`. The engine knows relative imports only, so others are rewritten.
 *
 * Answers the paths of the copies. `roots` maps source folders to folders of the stage.
 */
async function copyModules(entry, roots, stage, { init, parse }) {
  await init;
  const copies = new Map();
  const waiting = [entry];
  while (waiting.length > 0) {
    const source = waiting.pop();
    if (copies.has(source)) continue;
    const [from, to] = roots.find(([folder]) => source.startsWith(folder)) ?? [];
    if (from === undefined) throw new Error(`${source} lies outside of the entry's folder`);
    const copy = join(stage, to, relative(from, source));
    copies.set(source, copy);
    let code = await readFile(source, "utf8");
    for (const found of parse(code, source)[0].reverse()) {
      const { n: specifier } = found;
      if (specifier === undefined || specifier.startsWith(HOST)) continue;
      const target = resolveImport(specifier, source);
      waiting.push(target);
      const [targetFrom, targetTo] = roots.find(([folder]) => target.startsWith(folder)) ?? ["", ""];
      const path = relative(dirname(copy), join(stage, targetTo, relative(targetFrom, target))).split(sep).join("/");
      code = `${code.slice(0, found.s)}${path.startsWith(".") ? path : `./${path}`}${code.slice(found.e)}`;
    }
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, code);
  }
  return copies;
}

function resolveImport(specifier, source) {
  if (specifier === "kennel-sdk") return join(SDK, "index.js");
  if (specifier.startsWith("./") || specifier.startsWith("../")) return resolve(dirname(source), specifier);
  throw new Error(`${source} imports ${specifier}: bundle packages into the entry first, for example with esbuild`);
}

async function build({ tools, wit, world, output, entry }) {
  const lexer = await installed(tools, "es-module-lexer/dist/lexer.js");
  const { componentize } = await installed(tools, "@bytecodealliance/componentize-js/src/componentize.js");
  const witPath = resolve(wit);
  const target = resolve(output);
  const stage = await mkdtemp(join(tmpdir(), "kennel-build-"));
  try {
    const roots = [[SDK, "kennel-sdk"], [dirname(entry) + sep, "component"]];
    const copies = await copyModules(entry, roots, stage, lexer);
    // The engine sees the working folder as its root.
    process.chdir(stage);
    const { component } = await componentize({
      sourcePath: copies.get(entry),
      witPath,
      worldName: world,
      disableFeatures: DISABLED,
    });
    await mkdir(dirname(target), { recursive: true });
    // Appears whole or not at all.
    await writeFile(`${target}.incomplete`, component);
    await rename(`${target}.incomplete`, target);
  } finally {
    process.chdir("/");
    await rm(stage, { recursive: true });
  }
}

try {
  await build(parameters());
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
