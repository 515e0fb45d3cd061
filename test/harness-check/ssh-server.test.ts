import { join } from "node:path";
import { chmod, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { tryCommand } from "../harness/command.ts";
import { findMarked, readProcess } from "../harness/process.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { type SshServer, startSshServer, writeClientKey } from "../harness/ssh-server.ts";
import { waitUntil } from "../harness/wait-until.ts";

async function ssh(server: SshServer, knownHosts: string, command: string, key = server.privateKeyPath) {
  await writeFile(knownHosts, server.knownHosts, { flag: "wx" }).catch(() => {});
  const options = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    `UserKnownHostsFile=${knownHosts}`,
    "StrictHostKeyChecking=yes",
  ];
  const flags = options.flatMap((option) => ["-o", option]);
  return tryCommand([
    "ssh",
    "-F",
    "none",
    ...flags,
    "-i",
    key,
    "-p",
    `${server.port}`,
    `${server.user}@${server.host}`,
    command,
  ]);
}

test("lets its key in with the environment, and no other key", async () => {
  await using scratch = await startScratchFolder();
  const user = await ensureClusterUser();
  const environment = { SLURM_CONF: "/x/slurm.conf", SECOND: "two words" };
  await using server = await startSshServer({ folder: join(scratch.path, "s"), user, environment });
  const hosts = join(scratch.path, "known");

  const shown = await ssh(server, hosts, 'echo "$(id -un) $SLURM_CONF $SECOND"');
  expect(shown).toMatchObject({ exitCode: 0, stdout: `${user.name} /x/slurm.conf two words\n` });
  const other = await writeClientKey(join(scratch.path, "other"));
  const refused = await ssh(server, hosts, "true", other.privateKeyPath);
  expect(refused.exitCode).toBe(255);
  expect(refused.stderr).toContain("Permission denied (publickey)");
  expect(server.version).toMatch(/^OpenSSH_/);
  expect(server.privateKey).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
  expect(await server.readLogs()).toContain("Accepted publickey for");
});

test("shows another host key on the same port after replaceHostKey", async () => {
  await using scratch = await startScratchFolder();
  const user = await ensureClusterUser();
  await using server = await startSshServer({ folder: join(scratch.path, "s"), user });
  const hosts = join(scratch.path, "known");
  const before = { port: server.port, fingerprint: server.hostKeyFingerprint };
  expect((await ssh(server, hosts, "true")).exitCode).toBe(0);

  await server.replaceHostKey();
  const changed = await ssh(server, hosts, "true");
  expect(changed.exitCode).toBe(255);
  expect(changed.stderr).toContain("REMOTE HOST IDENTIFICATION HAS CHANGED");
  expect(changed.stderr).toContain(server.hostKeyFingerprint);
  expect(server.hostKeyFingerprint).not.toBe(before.fingerprint);
  expect(server.port).toBe(before.port);
  expect((await ssh(server, join(scratch.path, "new"), "true")).exitCode).toBe(0);
});

test("ends open sessions with the server, and a killed server's when it starts in the same folder", async () => {
  await using scratch = await startScratchFolder();
  await chmod(scratch.path, 0o755);
  const user = await ensureClusterUser();
  const environment = { REPX_CHECK: scratch.path };
  const folder = join(scratch.path, "s");
  await using first = await startSshServer({ folder, user, environment });
  const session = ssh(first, join(scratch.path, "known"), "sleep 300");
  const sleeper = await waitUntil({ what: "the session", timeoutSeconds: 10 }, async () =>
    (await findMarked("REPX_CHECK", scratch.path)).find((one) => one.comm === "sleep"),
  );

  await using second = await startSshServer({ folder, user, environment });
  expect((await session).exitCode).toBe(255);
  expect(await readProcess(sleeper.pid)).toBeUndefined();
  expect((await ssh(second, join(scratch.path, "new"), "true")).exitCode).toBe(0);
});
