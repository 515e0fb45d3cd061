// What we take from ssh_config is what OpenSSH itself takes from it (`ssh -G`), on written and on random files.
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseJumpHosts } from "../../packages/core/src/target/config/named-host.ts";
import { readSshConfig } from "../../packages/core/src/target/route/ssh-config-file.ts";
import { resolveSshConfig } from "../../packages/core/src/target/route/ssh-config.ts";
import { planRoute, type RouteContext } from "../../packages/core/src/target/route/ssh-route.ts";
import { tryCommand } from "../harness/command.ts";
import { findFreePort } from "../harness/free-port.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";

const { username, homedir } = userInfo();
let scratch: ScratchFolder;
let path: string;
/** What OpenSSH tries where no key is named; another list in every version. */
let usualKeys: unknown;

beforeAll(async () => {
  scratch = await startScratchFolder();
  await mkdir(join(scratch.path, ".ssh/config.d"), { recursive: true });
  path = join(scratch.path, ".ssh/config");
  await writeFile(path, "");
  usualKeys = (await askOpenSsh("a", undefined))?.["identityFiles"];
});

afterAll(async () => scratch[Symbol.asyncDispose]());

type Answer = Readonly<Record<string, unknown>>;

/** What OpenSSH answers; undefined where it refuses the file. */
async function askOpenSsh(host: string, user: string | undefined): Promise<Answer | undefined> {
  const login = user === undefined ? [] : ["-l", user];
  const { exitCode, stdout } = await tryCommand(["ssh", "-G", "-F", path, ...login, host]);
  if (exitCode !== 0) return undefined;
  const lines = stdout.trim().split("\n");
  const all = (keyword: string): string[] =>
    lines.filter((line) => line.startsWith(`${keyword} `)).map((line) => line.slice(keyword.length + 1));
  const [jump] = all("proxyjump");
  return {
    user: all("user")[0],
    host: all("hostname")[0],
    port: Number(all("port")[0]),
    hostKeyName: all("hostkeyalias")[0] ?? all("hostname")[0],
    identityFiles: all("identityfile"),
    certificateFiles: all("certificatefile"),
    identitiesOnly: all("identitiesonly")[0] === "yes",
    knownHostsFiles: [...all("userknownhostsfile"), ...all("globalknownhostsfile")].flatMap((text) => text.split(" ")),
    isStrict: all("stricthostkeychecking")[0] === "true",
    identityAgent: all("identityagent")[0],
    jumps: jump === undefined ? undefined : parseJumpHosts(jump),
  };
}

/** The same of ours: the last hop, with names of keys as they are written. */
async function askOurs(host: string, user: string | undefined): Promise<Answer> {
  const files = await readSshConfig(scratch.path, "/nowhere");
  const context: RouteContext = {
    files,
    home: homedir,
    localUser: username,
    localHost: "here",
    environment: {},
    isThere: () => false,
  };
  const address = { user: user ?? "", host, port: 0 };
  const undecided = user === undefined ? (["user", "port"] as const) : (["port"] as const);
  // Jump hosts are compared by name: OpenSSH resolves them only when it connects.
  const target = { name: "t", basePath: "/x", scheduler: "slurm", proxyJump: [], address, undecided } as const;
  const route = planRoute(target, context);
  const hop = route.hops.at(-1);
  const settings = resolveSshConfig(files, { host, localUser: username, ...(user === undefined ? {} : { user }) });
  const identities = settings.identityFiles.map(({ value }) => value);
  const jumps = settings.proxy?.keyword === "proxyjump" ? parseJumpHosts(settings.proxy.value) : undefined;
  return {
    user: hop?.user,
    host: hop?.host,
    port: hop?.port,
    hostKeyName: hop?.alias ?? hop?.host,
    identityFiles: identities.length === 0 ? usualKeys : identities,
    certificateFiles: settings.certificateFiles.map(({ value }) => value),
    identitiesOnly: hop?.identitiesOnly,
    knownHostsFiles: hop?.knownHostsFiles,
    isStrict: hop?.isStrict,
    identityAgent: hop?.agentSocket,
    jumps: jumps?.length === 0 ? undefined : jumps,
  };
}

const BEFORE = "Host a b\n  User bob\n";

test.each([
  ["an empty file", ""],
  [
    "comments, equals signs and quotes",
    '# x\nHost=a\n\tHostName = "real.example"   # y\n  IdentityFile "~/my keys/id"\n',
  ],
  [
    "single quotes",
    "Host 'a' 'b c'\n User 'it\"s'\n IdentityFile '~/my keys/id' # don't\n IdentityFile \"/it's\"\n CertificateFile='/a # b'\nMatch host 'a,b'\n Port '7'\n",
  ],
  ["single quotes that are escaped", "Host a\n IdentityFile '/it\\'s'\n UserKnownHostsFile '/k1' \"/k'2'\"\t'/k3'\n"],
  ["keywords in any case", "HOST a\n hostNAME x\n USER u\n pOrT 23\n identitiesonly YES\n"],
  ["the first value", "Host a\n User first\n Port 1\nHost *\n User second\n Port 2\n HostName h\n"],
  ["a Host that is negated", "Host * !a\n User no\nHost !b *\n User yes\nHost !a\n Port 3\n"],
  ["patterns", "Host ?\n Port 5\nHost a?\n User no\nHost *a*\n HostName %h.example\nHost A\n User upper\n"],
  ["HostName with tokens", "Host a\n HostName X-%h.%h\nHost b\n HostName fe80::1%%eth0\n"],
  [
    "several keys, none twice",
    "IdentityFile ~/.ssh/%r@%h\nHost a\n IdentityFile /k\n IdentityFile %d/k\nHost *\n IdentityFile /k\n",
  ],
  ["certificates", "CertificateFile ~/a-cert.pub\nCertificateFile /b\nCertificateFile ~/a-cert.pub\n"],
  ["no keys", "Host a\n IdentityFile none\n"],
  ["known hosts", "UserKnownHostsFile ~/kh /etc/kh2\nGlobalKnownHostsFile /g1 /g2\nUserKnownHostsFile /late\n"],
  ["no strictness", "StrictHostKeyChecking no\n"],
  ["strictness", "StrictHostKeyChecking yes\nStrictHostKeyChecking no\n"],
  ["accept-new", "StrictHostKeyChecking accept-new\n"],
  ["an alias of the host key", "Host a\n HostKeyAlias Cluster\n"],
  ["an agent", "IdentityAgent ~/agent.sock\n"],
  ["jump hosts", "Host a\n ProxyJump eve@outer:2200,[::1]:23,inner\n"],
  ["a jump before a command", "Host a\n ProxyJump gate\nHost *\n ProxyCommand none\n"],
  ["no command before a jump", "Host a\n ProxyCommand none\nHost *\n ProxyJump gate\n"],
  ["a jump turned off", "Host a\n ProxyJump none\nHost *\n ProxyJump gate\n"],
  ["Match all", "Match all\n Port 7\n"],
  [
    "Match host after HostName",
    "Host a\n HostName x.Example\nMatch host X.example,y\n User m\nMatch originalhost a !host q\n Port 9\n",
  ],
  ["Match user", `${BEFORE}Match user bob\n Port 10\nMatch !user bob\n Port 11\n`],
  ["Match localuser", `Match localuser ${username}\n Port 12\nMatch localuser *,!${username}\n User no\n`],
  [
    "Match final",
    "Host x.example\n Port 13\nHost a\n HostName x.example\n User early\nMatch final\n IdentityFile /f\nMatch final host x.*\n IdentitiesOnly yes\n",
  ],
  ["Match final all", "Match final all\n User last\nHost a\n User first\n"],
  ["Match canonical", "Match canonical all\n User c\nMatch final all\n Port 4\n"],
  ["criteria after one that fails", "Match host b exec false\n User no\nMatch host b user x\n Port 14\n"],
])("agrees with OpenSSH on %s", async (_title, text) => {
  await writeFile(path, text);
  for (const [host, user] of [["a"], ["b"], ["ab"], ["A"], ["a", "carl"]] as const) {
    const expected = await askOpenSsh(host, user);
    expect(expected).toBeDefined();
    expect(expected).toEqual(await askOurs(host, user));
  }
});

test("agrees with OpenSSH on what is included, within a block and from within a folder", async () => {
  const folder = join(scratch.path, ".ssh/config.d");
  await writeFile(join(folder, "20-b"), "User second\nHost a\n Port 20\nHost b\n Port 21\n");
  await writeFile(join(folder, "10-a"), "IdentityFile /ten\nHost a\n User first\n");
  await writeFile(join(folder, ".hidden"), "Port 66\n");
  for (const text of [
    `Include ${folder}/*\nPort 1\n`,
    `Host a\n Include ${folder}/10-a ${folder}/20-? ${folder}/nothing\n IdentityFile /after\n`,
    `Host b\n Include ${folder}/*\n IdentityFile /after\nHost a\n Port 5\n`,
    `Match user x\n Include ${folder}/20-b\nMatch all\n IdentityFile /end\n`,
  ]) {
    await writeFile(path, text);
    for (const host of ["a", "b", "c"])
      expect(await askOpenSsh(host, undefined)).toEqual(await askOurs(host, undefined));
  }
});

const name = fc.constantFrom("a", "b", "ab", "x.example", "A");
const pattern = fc.constantFrom("a", "b", "?", "*", "a*", "!a", "!b", "*.example", "A", "!*");
const user = fc.constantFrom("bob", "eve", username);
const criterion = fc.oneof(
  fc.tuple(
    fc.constantFrom("host", "originalhost", "!host", "!originalhost"),
    fc.array(pattern, { minLength: 1, maxLength: 3 }),
  ),
  fc.tuple(fc.constantFrom("user", "localuser", "!user"), fc.array(user, { minLength: 1, maxLength: 2 })),
);
const match = fc
  .tuple(fc.constantFrom("", "final ", "canonical "), fc.array(criterion, { minLength: 1, maxLength: 3 }))
  .map(([pass, all]) => `Match ${pass}${all.map(([key, words]) => `${key} ${words.join(",")}`).join(" ")}`);
const setting = fc.oneof(
  fc.constantFrom("a", "b", "x.example", "%h.example", "AB").map((value) => `HostName ${value}`),
  user.map((value) => `User ${value}`),
  fc.integer({ min: 1, max: 9 }).map((value) => `Port ${value}`),
  fc.constantFrom("/k", "~/k", "%d/%h", "none").map((value) => `IdentityFile ${value}`),
  fc.constantFrom("yes", "no", "ask", "accept-new").map((value) => `StrictHostKeyChecking ${value}`),
  fc.constantFrom("gate", "eve@gate:22", "none", "outer,inner").map((value) => `ProxyJump ${value}`),
  fc.constantFrom("ProxyCommand none", "HostKeyAlias other", "IdentitiesOnly yes", "UserKnownHostsFile /k1 ~/k2"),
);
/** A word as it is, or with either kind of quotes round it; those of ProxyJump and ProxyCommand stay where they are. */
const quote = fc.constantFrom("", "'", '"');
const quotedSetting = fc
  .tuple(setting, quote)
  .map(([text, mark]) => (text.startsWith("Proxy") ? text : text.replace(/ (?<word>\S+)$/, ` ${mark}$<word>${mark}`)));
const line = fc.oneof(
  fc
    .tuple(fc.array(pattern, { minLength: 1, maxLength: 3 }), quote)
    .map(([patterns, mark]) => `Host ${patterns.map((word) => `${mark}${word}${mark}`).join(" ")}`),
  match,
  fc.constantFrom("Match all", "Match final all"),
  { arbitrary: quotedSetting, weight: 4 },
);

test("agrees with OpenSSH on random files", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 14 }),
      name,
      fc.option(user, { nil: undefined }),
      async (lines, host, login) => {
        await writeFile(path, `${lines.join("\n")}\n`);
        expect(await askOpenSsh(host, login)).toEqual(await askOurs(host, login));
      },
    ),
    { numRuns: 300 },
  );
});

test("replaces the tokens of key files as OpenSSH does", async () => {
  await using listener = createServer((socket) => socket.destroy());
  const port = await findFreePort();
  await new Promise<void>((resolve) => void listener.listen(port, "127.0.0.1", resolve));
  const words = ["~/k-%h", "%d/%n-%r", "/k/%u-%i-%p-%%", "/k/%k", "/k/${FROM_ENV}/%L"];
  const keys = words.map((word) => `IdentityFile ${word}\n`).join("");
  await writeFile(path, `Host a\nHostName 127.0.0.1\nHostKeyAlias Other\nUser eve\nPort ${port}\n${keys}`);
  const environment = { FROM_ENV: "env" };
  const { stderr } = await tryCommand(["ssh", "-v", "-F", path, "a", "true"], { environment });
  const seen = [...stderr.matchAll(/identity file (\S+) type/g)].map(([, file]) => file);
  const target = { name: "t", basePath: "/x", scheduler: "slurm", address: { user: "", host: "a", port: 0 } } as const;
  const context = { home: homedir, localUser: username, localHost: (await tryCommand(["hostname"])).stdout.trim() };
  const route = planRoute(
    { ...target, undecided: ["user", "port"] },
    { ...context, files: await readSshConfig(scratch.path, "/nowhere"), environment, isThere: () => false },
  );
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.filter((file) => file?.endsWith("-cert") === false)).toEqual(route.hops[0]?.identityFiles);
});
