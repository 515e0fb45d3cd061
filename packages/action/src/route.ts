import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TargetRoute } from "@repx/core";
import type { Host } from "./host.ts";
import type { Inputs } from "./inputs.ts";

/** Says from where a submission goes where; the same in `main` and, when it was interrupted, in `post`. */
export function readRoute(host: Host, inputs: Inputs, programs: string): TargetRoute & { readonly programs: string } {
  return {
    programs,
    files: { config: inputs.config, resources: inputs.resources, programs },
    target: {
      name: inputs.target,
      privateKey: inputs.sshKey,
      passphrase: inputs.sshKeyPassphrase,
      knownHosts: inputs.knownHosts,
    },
    process: {
      environment: host.environment,
      workFolder: host.environment["GITHUB_WORKSPACE"] ?? process.cwd(),
      temporaryFolder: makeTemporaryFolder(host),
      now: () => new Date(),
    },
  };
}

/** A folder of ours alone that is gone when the process is, also when the workflow is cancelled. */
function makeTemporaryFolder(host: Host): string {
  const folder = mkdtempSync(join(host.environment["RUNNER_TEMP"] ?? tmpdir(), "repx-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
