import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand, tryCommand } from "../harness/command.ts";
import { nixEnvironment } from "../harness/nix-environment.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";

const FLAKE = `{
  outputs = { self }: {
    packages.x86_64-linux.default = derivation {
      name = "answer"; system = "x86_64-linux"; builder = "\${./tool}/busybox"; args = [ "sh" "-c" "echo 42 > $out" ];
    };
  };
}`;

test("builds a flake into a store of its own, with no network and nothing of the machine's settings", async () => {
  await using scratch = await startScratchFolder();
  const flake = join(scratch.path, "flake");
  await mkdir(join(flake, "tool"), { recursive: true });
  await writeFile(join(flake, "flake.nix"), FLAKE);
  await runCommand(["cp", "/bin/busybox", join(flake, "tool/busybox")]);
  const store = join(scratch.path, "nix");
  const environment = nixEnvironment(store);
  const argv = ["nix", "build", "--no-link", "--json", `path:${flake}`];
  const { stdout } = await runCommand(argv, { environment, timeoutSeconds: 60 });
  const out = /"out":"(\/nix\/store\/[a-z0-9]{32}-answer)"/.exec(stdout)?.[1] ?? "none";
  expect(await readFile(join(store, out), "utf8")).toBe("42\n");
  expect((await stat(join(store, "home/.cache/nix"))).isDirectory()).toBe(true);
  const missing = await tryCommand(["nix", "build", "nixpkgs#hello"], { environment, timeoutSeconds: 20 });
  expect(missing.stderr).toContain("nixpkgs");
  expect(missing.exitCode).toBe(1);
}, 90_000);
