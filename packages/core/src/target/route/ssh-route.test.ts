import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { parseConfig } from "../config/config.ts";
import { parseSshConfig } from "./ssh-config.ts";
import { planRoute, resolveRoute, type RouteContext, type SshHop, type SshRoute } from "./ssh-route.ts";

interface Plan extends Partial<RouteContext> {
  /** Lines of the target's table. */
  readonly table?: string;
  readonly sshConfig?: string;
}

function plan({ table = 'address = "cluster"', sshConfig = "", ...context }: Plan): SshRoute {
  const config = parseConfig(`[targets.t]\nbase_path = "/x"\n${table}\n`, "/study/.repx/config.toml");
  const target = config.targets.get("t");
  if (target === undefined) throw new Error("no target");
  return planRoute(target, {
    files: [parseSshConfig(sshConfig, "/home/me/.ssh/config")],
    home: "/home/me",
    localUser: "me",
    localHost: "laptop.example",
    environment: {},
    isThere: () => false,
    ...context,
  });
}

function planTarget(request: Plan): SshHop {
  const hop = plan(request).hops.at(-1);
  if (hop === undefined) throw new Error("no hop");
  return hop;
}

function nameHops(request: Plan): string[] {
  return plan(request).hops.map(({ user, host, port }) => `${user}@${host}:${port}`);
}

function refuse(request: Plan): RepxError {
  try {
    plan(request);
  } catch (error) {
    if (error instanceof RepxError) return error;
    throw error;
  }
  throw new Error("accepted");
}

const CLUSTER = `
Host cluster
  HostName login.example.org
  User ada
  Port 2222
  IdentityFile ~/.ssh/cluster
  UserKnownHostsFile ~/.ssh/hosts_%n
  StrictHostKeyChecking yes
  IdentitiesOnly yes
`;

test("a name alone goes where ssh_config says", () => {
  expect(plan({ sshConfig: CLUSTER })).toEqual({
    hops: [
      {
        user: "ada",
        host: "login.example.org",
        port: 2222,
        identityFiles: ["/home/me/.ssh/cluster"],
        certificateFiles: [],
        identitiesOnly: true,
        newHostsFile: "/home/me/.ssh/hosts_cluster",
        knownHostsFiles: ["/home/me/.ssh/hosts_cluster", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
        isStrict: true,
      },
    ],
  });
});

test("without ssh_config it is the local user, port 22, the usual keys that are there, and the usual known hosts", () => {
  const there = /id_(rsa|ed25519)$/;
  expect(planTarget({ isThere: (path) => there.test(path) })).toEqual({
    user: "me",
    host: "cluster",
    port: 22,
    identityFiles: ["/home/me/.ssh/id_ed25519", "/home/me/.ssh/id_rsa"],
    certificateFiles: [],
    identitiesOnly: false,
    newHostsFile: "/home/me/.ssh/known_hosts",
    knownHostsFiles: [
      "/home/me/.ssh/known_hosts",
      "/home/me/.ssh/known_hosts2",
      "/etc/ssh/ssh_known_hosts",
      "/etc/ssh/ssh_known_hosts2",
    ],
    isStrict: false,
  });
});

test("the target's table wins over ssh_config key by key", () => {
  const table = 'address = "eve@cluster"\nport = 22\nidentity_file = "id"\nknown_hosts = "hosts"';
  expect(planTarget({ sshConfig: CLUSTER, table, isThere: () => true })).toMatchObject({
    user: "eve",
    host: "login.example.org",
    port: 22,
    identityFiles: ["/study/.repx/id"],
    knownHostsFiles: ["/study/.repx/hosts"],
  });
});

test.each(["no", "off", "accept-new", "ask"])("StrictHostKeyChecking %s changes nothing", (value) => {
  const sshConfig = `StrictHostKeyChecking ${value}\n`;
  expect(plan({ sshConfig })).toEqual(plan({}));
});

test("an accepted key is written to a file of the user's, never to the machine's", () => {
  expect(planTarget({ sshConfig: "UserKnownHostsFile none\n" })).not.toHaveProperty("newHostsFile");
  const table = 'address = "cluster"\nknown_hosts = "hosts"\nproxy_jump = "gate"';
  const hops = plan({ sshConfig: "Host gate\n UserKnownHostsFile none\n", table }).hops;
  expect(hops.map(({ newHostsFile }) => newHostsFile)).toEqual(["/study/.repx/hosts", "/study/.repx/hosts"]);
});

test("an alias of the host key counts also where it is the host's own name", () => {
  const sshConfig = "Host cluster\n HostKeyAlias Cluster\n Port 2222\n";
  expect(planTarget({ sshConfig })).toMatchObject({ host: "cluster", port: 2222, alias: "cluster" });
});

test("a jump host's agent is its own", () => {
  const sshConfig = "Host gate\n IdentityAgent /run/gate\nHost cluster\n ProxyJump gate\n IdentityAgent none\n";
  const { hops } = plan({ sshConfig, environment: { SSH_AUTH_SOCK: "/run/agent" } });
  expect(hops.map(({ agentSocket }) => agentSocket)).toEqual(["/run/gate", undefined]);
});

test("a list of revoked host keys is the hop's own, and none turns it off", () => {
  const sshConfig = "Host gate\n RevokedHostKeys ~/%n-gone\nHost *\n RevokedHostKeys NONE\n ProxyJump gate\n";
  const hops = plan({ sshConfig: sshConfig.replace("Host *", "Host !gate *") }).hops;
  expect(hops.map(({ revokedKeysFile }) => revokedKeysFile)).toEqual(["/home/me/gate-gone", undefined]);
});

test("no key is offered where ssh_config says none, and no known hosts are asked", () => {
  const sshConfig = "IdentityFile none\nUserKnownHostsFile none\nGlobalKnownHostsFile none\n";
  expect(planTarget({ sshConfig, isThere: (path) => !path.endsWith(".pub") })).toMatchObject({
    identityFiles: [],
    knownHostsFiles: [],
  });
});

test.each([
  ["", { SSH_AUTH_SOCK: "/run/agent" }, "/run/agent"],
  ["", { SSH_AUTH_SOCK: "" }, undefined],
  ["IdentityAgent none", { SSH_AUTH_SOCK: "/run/agent" }, undefined],
  ["IdentityAgent SSH_AUTH_SOCK", { SSH_AUTH_SOCK: "/run/agent" }, "/run/agent"],
  ["IdentityAgent $OTHER", { OTHER: "/run/other" }, "/run/other"],
  ["IdentityAgent ~/agent-%h", {}, "/home/me/agent-cluster"],
  ["IdentityAgent ${DIR}/agent", { DIR: "/run" }, "/run/agent"],
])("finds the agent by %j and %j", (sshConfig, environment, socket) => {
  expect(planTarget({ sshConfig, environment }).agentSocket).toBe(socket);
});

const GATES = `
Host gate
  HostName gate.example.org
  User eve
  IdentityFile ~/.ssh/gate
Host inner
  Port 2200
  ProxyJump outer
Host cluster
  ProxyJump gate
`;

test("jump hosts have Host blocks of their own, and jump hosts too", () => {
  expect(nameHops({ sshConfig: GATES })).toEqual(["eve@gate.example.org:22", "me@cluster:22"]);
  const table = 'address = "cluster"\nproxy_jump = "inner,bob@gate:23"';
  expect(nameHops({ sshConfig: GATES, table })).toEqual([
    "me@outer:22",
    "me@inner:2200",
    "bob@gate.example.org:23",
    "me@cluster:22",
  ]);
});

test("of several jump hosts only the first is reached as ssh_config says, the next ones through the one before", () => {
  const table = 'address = "cluster"\nproxy_jump = "gate,inner"';
  expect(nameHops({ sshConfig: GATES, table })).toEqual(["eve@gate.example.org:22", "me@inner:2200", "me@cluster:22"]);
});

test("proxy_jump = none turns ssh_config's way off, be it a command", () => {
  const table = 'address = "cluster"\nproxy_jump = "none"';
  expect(nameHops({ sshConfig: GATES, table })).toEqual(["me@cluster:22"]);
  expect(nameHops({ sshConfig: "ProxyCommand nc %h %p\n", table })).toEqual(["me@cluster:22"]);
});

test("a jump host takes the table's key where it has none, and the table's known hosts before its own", () => {
  const table = 'address = "cluster"\nproxy_jump = "gate,plain"\nidentity_file = "/id"\nknown_hosts = "/hosts"';
  const [gate, plain] = plan({ sshConfig: GATES, table, isThere: (path) => path.endsWith("id_rsa") }).hops;
  expect(gate?.identityFiles).toEqual(["/home/me/.ssh/gate"]);
  expect(plain?.identityFiles).toEqual(["/id", "/home/me/.ssh/id_rsa"]);
  expect(gate?.knownHostsFiles.slice(0, 2)).toEqual(["/hosts", "/home/me/.ssh/known_hosts"]);
});

test("a ProxyJump may name the host with tokens", () => {
  expect(nameHops({ sshConfig: "Host cluster\nProxyJump %r@gate-%n:%p\n" })[0]).toBe("me@gate-cluster:22");
});

test.each([
  ["Host *\n ProxyJump gate\n", "me@gate:22 → me@gate:22"],
  ["Host cluster\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n ProxyJump a\n", "me@a:22 → me@b:22 → me@a:22"],
  ["Host cluster\n ProxyJump a,cluster\n", "me@cluster:22 → me@cluster:22"],
])("refuses jump hosts in a circle: %j", (sshConfig, way) => {
  const error = refuse({ sshConfig });
  expect(error.code).toBe("CONFIG_INVALID");
  expect(error.message).toContain(way);
});

test.each([
  ["a list", (names: readonly string[]) => `Host cluster\n ProxyJump ${names.join(",")}\n`],
  [
    "one after the other",
    (names: readonly string[]) =>
      ["cluster", ...names].map((name, at) => `Host ${name}\n ProxyJump ${names[at] ?? "none"}\n`).join(""),
  ],
])("takes 15 jump hosts in %s and refuses 16 for their number", (_, write) => {
  const names = Array.from({ length: 16 }, (_one, at) => `j${at}`);
  expect(nameHops({ sshConfig: write(names.slice(1)) })).toHaveLength(16);
  const error = refuse({ sshConfig: write(names) });
  expect(error).toMatchObject({ code: "CONFIG_INVALID" });
  expect(error.message).toMatch(/^the way to target t has more than 16 hops: me@j\d+:22 → /);
});

test("refuses a ProxyCommand, which would be run, also of a jump host", () => {
  for (const sshConfig of ["ProxyCommand nc %h %p\n", `${GATES}Host outer gate\n ProxyCommand nc %h %p\n`]) {
    const error = refuse({ sshConfig });
    expect(error.code).toBe("SSH_PROXY_COMMAND");
    expect(error.message).toContain("/home/me/.ssh/config leads to");
    expect(error.hint).toContain("ProxyJump");
  }
  expect(nameHops({ sshConfig: "ProxyCommand none\nProxyJump gate\n" })).toEqual(["me@cluster:22"]);
});

test.each([
  ["Port ssh", "Port"],
  ["Port 0", "Port"],
  ["Port 65536", "Port"],
  ["User -x", "User"],
  ["HostName -oProxyCommand=x", "HostName"],
  ["HostName a b", "HostName"],
  ["StrictHostKeyChecking ja", "StrictHostKeyChecking"],
  ["IdentitiesOnly 1", "IdentitiesOnly"],
  ["IdentityFile ~bob/k", "IdentityFile"],
  ["IdentityFile /%C", "IdentityFile"],
  ["IdentityFile ${NOWHERE}/k", "IdentityFile"],
  ["ProxyJump -x", "ProxyJump"],
])("refuses %j by file and keyword", (line, keyword) => {
  const error = refuse({ sshConfig: `${line}\n` });
  expect(error.code).toBe("CONFIG_INVALID");
  expect(error.message).toContain(`/home/me/.ssh/config: ${keyword} is `);
});

test("reads ~/.ssh/config of the HOME that is given, and the machine's", async () => {
  const home = await mkdtemp(join(tmpdir(), "repx-route-"));
  try {
    await mkdir(join(home, ".ssh"));
    await writeFile(join(home, ".ssh/config"), CLUSTER, { mode: 0o600 });
    const config = parseConfig('[targets.t]\nbase_path = "/x"\naddress = "cluster"', "c");
    const target = config.targets.get("t");
    if (target === undefined) throw new Error("no target");
    const { hops } = await resolveRoute(target, { HOME: home });
    expect(hops).toMatchObject([
      { user: "ada", host: "login.example.org", identityFiles: [join(home, ".ssh/cluster")] },
    ]);
    await rm(join(home, ".ssh"), { recursive: true });
    const { hops: bare } = await resolveRoute(target, { HOME: home });
    expect(bare).toMatchObject([{ user: userInfo().username, host: "cluster", identityFiles: [] }]);
  } finally {
    await rm(home, { recursive: true });
  }
});
