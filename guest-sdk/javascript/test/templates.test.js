/** Runs the tests of each template in a folder of its own, as after `npm install`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const sdk = fileURLToPath(new URL("..", import.meta.url));

for (const kind of ["transform", "sink", "source"]) {
  test(`given the template of a ${kind}, should pass its own tests`, () => {
    const project = mkdtempSync(join(tmpdir(), "kennel-template-"));
    try {
      for (const part of ["common", kind]) cpSync(join(sdk, "template", part), project, { recursive: true });
      mkdirSync(join(project, "node_modules"));
      symlinkSync(sdk, join(project, "node_modules", "kennel-sdk"), "dir");
      // Else the child reports to this runner instead of printing.
      const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
      const options = { cwd: project, env, encoding: "utf8" };
      const { status, stdout } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", "component.spec.js"], options);
      assert.equal(status, 0, stdout);
      assert.match(stdout, /^# pass [1-9]/m);
    } finally {
      rmSync(project, { recursive: true });
    }
  });
}
