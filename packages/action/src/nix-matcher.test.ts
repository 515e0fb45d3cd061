import { mkdtemp, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RepxError } from "@repx/core/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nameOwnFile, showNixErrors } from "./nix-matcher.ts";

const STORE = `/nix/store/${"a".repeat(32)}-source`;

let workspace: string;
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), "repx-matcher-"));
  await mkdir(join(workspace, "study"));
  await writeFile(join(workspace, "flake.nix"), "");
  await writeFile(join(workspace, "study/lab.nix"), "");
});
afterAll(async () => rm(workspace, { recursive: true }));

test.each([
  [`       at ${STORE}/flake.nix:3:51:`, ".", "       at flake.nix:3:51:"],
  [`       at /chroot${STORE}/flake.nix:3:51:`, ".#lab", "       at flake.nix:3:51:"],
  [`       at ${STORE}/lab.nix:3:51:`, "path:study#lab", "       at study/lab.nix:3:51:"],
  [`       at ${STORE}/study/lab.nix:3:51:`, "./study", "       at study/lab.nix:3:51:"],
  [`       at ${STORE}/lib/lists.nix:3:51:`, ".", `       at ${STORE}/lib/lists.nix:3:51:`],
  ["       at /etc/passwd:1:1:", ".", "       at /etc/passwd:1:1:"],
  ["            3|   x", ".", "            3|   x"],
])("%j of the Lab %s is shown as %j", (line, lab, shown) => {
  expect(nameOwnFile(line, { workspace, lab })).toBe(shown);
});

test("a line of Nix that looks like a command to the runner is printed where none is obeyed", () => {
  const lines: string[] = [];
  const details = { errors: ["::set-env name=PATH::/evil", "error: no"] };
  const error = new RepxError("NIX_BUILD_FAILED", "no", { hint: "no", details });
  showNixErrors({ printLine: (line) => lines.push(line), environment: {} }, error, ".");
  const [added, stopped, ...rest] = lines;
  expect(added).toMatch(/^::add-matcher::\/.*nix-matcher\.json$/);
  const word = /^::stop-commands::([0-9a-f-]{36})$/.exec(stopped ?? "")?.[1] ?? "no word";
  expect(rest).toEqual([...details.errors, `::${word}::`, "::remove-matcher owner=repx-nix::"]);
});

test("other failures print nothing", () => {
  const lines: string[] = [];
  showNixErrors({ printLine: (line) => lines.push(line), environment: {} }, new Error("no"), ".");
  expect(lines).toEqual([]);
});
