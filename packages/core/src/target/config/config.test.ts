import { homedir, userInfo } from "node:os";
import { describe, expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { parseConfigLayer } from "./config-layer.ts";
import { chooseTarget, parseConfig, resolveConfig } from "./config.ts";

const FULL = `
theme = "dracula"
submission_target = "cluster"
default_scheduler = "slurm"
[logging]
max_files = 50
max_age_days = 7
[targets.local]
base_path = "/home/me/repx/"
default_scheduler = "local"
default_execution_type = "bwrap"
local = { execution_types = ["bwrap", "native"], local_concurrency = 4 }
[targets.cluster]
address = "ada@login.example.org"
port = 2222
base_path = "/scratch/ada/../ada/repx"
node_local_path = "/tmp/repx"
identity_file = "~/.ssh/id_cluster"
known_hosts = "known_hosts"
artifact_store = "shared"
mount_host_paths = false
mount_paths = ["/opt"]
[targets.cluster.slurm]
execution_types = ["native"]
`;

function refuse(text: string): RepxError {
  try {
    parseConfig(text, "config.toml");
  } catch (error) {
    if (error instanceof RepxError) return error;
    throw error;
  }
  throw new Error("accepted");
}

test("reads targets as RepX 0.5 writes them, with port, identity and known hosts", () => {
  const config = parseConfig(FULL, "/home/ada/study/.repx/config.toml");
  expect(config.targets.get("cluster")).toEqual({
    name: "cluster",
    address: { user: "ada", host: "login.example.org", port: 2222 },
    basePath: "/scratch/ada/repx",
    scheduler: "slurm",
    nodeLocalPath: "/tmp/repx",
    runtimes: { offered: ["native"], mounts: { kind: "paths", paths: ["/opt"] } },
    identityFile: `${homedir()}/.ssh/id_cluster`,
    knownHosts: "/home/ada/study/.repx/known_hosts",
  });
  expect(config.targets.get("local")).toEqual({
    name: "local",
    basePath: "/home/me/repx",
    scheduler: "local",
    runtimes: { offered: ["bwrap", "native"], preferred: "bwrap", mounts: { kind: "isolated" } },
    localConcurrency: 4,
  });
});

test.each([
  ["", undefined],
  ["mount_paths = ['/opt/x/../y', '/opt/y']", { kind: "paths", paths: ["/opt/y"] }],
  ["mount_paths = ['/opt']\nmount_host_paths = true", { kind: "host" }],
  ["mount_host_paths = false", { kind: "isolated" }],
])("of the node's files a job sees with %j what it says", (keys, mounts) => {
  const target = parseConfig(`[targets.a]\nbase_path = "/x"\n${keys}`, "c").targets.get("a");
  expect(target?.runtimes?.mounts).toEqual(mounts);
});

test("the runtimes are those of the scheduler that the target has, each once", () => {
  const tables = "slurm.execution_types = ['podman', 'native', 'podman']\nlocal.execution_types = ['docker']";
  const read = (scheduler: string) =>
    parseConfig(`[targets.a]\nbase_path = "/x"\ndefault_scheduler = "${scheduler}"\n${tables}`, "c").targets.get("a");
  expect(read("slurm")?.runtimes?.offered).toEqual(["podman", "native"]);
  expect(read("local")?.runtimes?.offered).toEqual(["docker"]);
});

function readScheduler(head: string, line: string): string | undefined {
  return parseConfig(`${head}\n[targets.a]\nbase_path = "/x"\n${line}`, "c").targets.get("a")?.scheduler;
}

test("takes a scheduler from the target, then from the file, then slurm", () => {
  expect(readScheduler("", "")).toBe("slurm");
  expect(readScheduler('default_scheduler = "local"', "")).toBe("local");
  expect(readScheduler('default_scheduler = "local"', 'default_scheduler = "slurm"')).toBe("slurm");
});

test.each(["localhost", "ada@127.0.0.1", "[::1]"])(
  "a target named local with the address %s is this machine",
  (address) => {
    const config = parseConfig(`[targets.local]\naddress = "${address}"\nbase_path = "/x"`, "c");
    expect(config.targets.get("local")?.address).toBeUndefined();
  },
);

test.each([
  ["cluster", "port = 2222", "port", 'Add `address = "user@host"` to [targets.cluster], or remove port.'],
  ["cluster", 'identity_file = "k"', "identity_file", "or remove identity_file"],
  ["cluster", 'known_hosts = "k"', "known_hosts", "or remove known_hosts"],
  ["cluster", 'proxy_jump = "gate"', "proxy_jump", "or remove proxy_jump"],
  ["local", 'address = "ada@login.example.org"', "address", "give the target another name"],
  ["local", 'address = "localhost"\nport = 2222', "port", "Remove port"],
])("refuses target %s with %s, which would be this machine unnoticed", (name, line, key, hint) => {
  const error = refuse(`[targets.${name}]\nbase_path = "/x"\n${line}`);
  expect(error).toMatchObject({ code: "CONFIG_INVALID", hint: expect.stringContaining(hint) });
  expect(error.message).toContain(`config.toml: targets.${name}.${key} is for SSH`);
});

test("the address may stand in another file than the keys for SSH", () => {
  const layers = ["port = 2222", 'address = "ada@login"'].map((line) =>
    parseConfigLayer(`[targets.a]\nbase_path = "/x"\n${line}`, "c"),
  );
  expect(resolveConfig(layers).targets.get("a")?.address).toMatchObject({ host: "login", port: 2222 });
});

test.each([
  ['[targets.a]\nbase_pth = "/x"', "targets.a.base_pth", "base_path"],
  ['submision_target = "a"\n[targets.a]\nbase_path = "/x"', "submision_target", "submission_target"],
  ['[targets.a]\nbase_path = "/x"\nBasePath = "/y"', "targets.a.BasePath", "base_path"],
  [
    '[targets.a]\nbase_path = "/x"\n[targets.a.slurm]\nexecution_type = []',
    "targets.a.slurm.execution_type",
    "execution_types",
  ],
])("names the key that %j probably means", (text, path, nearest) => {
  const error = refuse(text);
  expect(error.code).toBe("CONFIG_INVALID");
  expect(error.message).toBe(`config.toml: unknown key ${path}`);
  expect(error.hint).toContain(nearest);
});

test("lists the known keys when none is near", () => {
  expect(refuse("[targets.a]\nzzzzzzzz = 1\nbase_path = '/x'").hint).toContain("base_path");
});

test.each([
  ["[targets.a]\nbase_path = 7", "targets.a.base_path must be a text in quotes, not 7 (number)"],
  ["[targets.a]", "targets.a.base_path is missing"],
  ["theme = 'x'", "targets is missing"],
  ["[targets.a]\nbase_path = '/x'\nport = 0", "targets.a.port is 0 (number)"],
  ["[targets.a]\nbase_path = '/x'\nport = 'ssh'", 'targets.a.port must be a whole number, not "ssh" (string)'],
  ["[targets.a]\nbase_path = '/x'\ndefault_scheduler = 'pbs'", 'targets.a.default_scheduler is "pbs"'],
  ["[targets.a]\nbase_path = '~/repx'", 'targets.a.base_path is "~/repx"'],
  ["[targets.a]\nbase_path = 'repx'", 'targets.a.base_path is "repx"'],
  ["[targets.a]\nbase_path = '/'", 'targets.a.base_path is "/"'],
  ['[targets.a]\nbase_path = "/x\\n#SBATCH"', "targets.a.base_path is"],
  ["[targets.a]\nbase_path = '/x'\nnode_local_path = 'tmp'", "targets.a.node_local_path"],
  ["[targets.a]\nbase_path = '/x'\nmount_paths = ['/opt', 'opt']", 'targets.a.mount_paths is "opt"'],
  ["[targets.a]\nbase_path = '/x'\naddress = 'my host'", 'targets.a.address is "my host"'],
  ["[targets.a]\nbase_path = '/x'\naddress = 'a,b'", 'targets.a.address is "a,b"'],
  ["[targets.a]\nbase_path = '/x'\nproxy_jump = 'a, b c'", 'targets.a.proxy_jump is "a, b c"'],
  ["[targets.a]\nbase_path = '/x'\nproxy_jump = ''", 'targets.a.proxy_jump is ""'],
  ["[targets.a]\nbase_path = '/x'\nproxy_jump = 'a:70000'", 'targets.a.proxy_jump is "a:70000"'],
  ["[targets.a]\nbase_path = '/x'\nproxy_jump = '-oProxyCommand=x'", "targets.a.proxy_jump"],
  ["[targets.a]\nbase_path = '/x'\nforward_agent = true", "targets.a.forward_agent is true (boolean): the agent"],
  ["[targets.a]\nbase_path = '/x'\nforward_agent = 'no'", "targets.a.forward_agent must be true or false"],
  ["[targets.a]\nbase_path = '/x'\naddress = 'u@host:22'", "targets.a.address"],
  ["[targets.a]\nbase_path = '/x'\naddress = '-oProxyCommand=x@host'", "targets.a.address"],
  ["[targets.a]\nbase_path = '/x'\naddress = 'u@-host'", "targets.a.address"],
])("refuses %j", (text, message) => {
  const error = refuse(text);
  expect(error.code).toBe("CONFIG_INVALID");
  expect(error.message).toContain(`config.toml: ${message}`);
  expect(error.hint).not.toBe("");
});

test("software on the nodes' own disks needs a path there, and an error without it names both keys", () => {
  const asked = '[targets.a]\nbase_path = "/x"\nartifact_store = "node-local"\n';
  const error = refuse(asked);
  expect(error).toMatchObject({ code: "CONFIG_INVALID", hint: expect.stringContaining("Add node_local_path") });
  expect(error.message).toBe('config.toml: targets.a.artifact_store is "node-local", and node_local_path is missing');
  const target = parseConfig(`${asked}node_local_path = "/local"`, "c").targets.get("a");
  expect(target).toMatchObject({ nodeLocalPath: "/local", hasNodeStore: true });
});

test("the path of the nodes may stand in another file than the wish to keep software there", () => {
  const layers = ['artifact_store = "node-local"', 'node_local_path = "/local"'].map((line) =>
    parseConfigLayer(`[targets.a]\nbase_path = "/x"\n${line}`, "c"),
  );
  expect(resolveConfig(layers).targets.get("a")?.hasNodeStore).toBe(true);
});

test.each([
  ["targets = 5", "Write `[targets.NAME]`."],
  ["targets.a = 5", "Write `[targets.a]`."],
  ["[targets.a]\nport = 'ssh'", "Write `port = 4`."],
  ["[targets.a]\nport = 2.5", "Write `port = 4`."],
  ["[targets.a]\nport = 0", "It must be at least 1."],
  ["[targets.a]\nport = 70000", "It may be at most 65535."],
  ["[targets.a]\nlocal.local_concurrency = 0", "It must be more than 0."],
  ["[targets.a]\nbase_path = 7", 'Write `base_path = "…"`.'],
  ["[targets.a]\nidentity_file = ''", "It must not be empty."],
  ["[targets.a]\nmount_paths = '/x'", 'Write `mount_paths = ["…"]`.'],
  ["[targets.a]\nmount_host_paths = 1", "Write `mount_host_paths = false`."],
  ["[targets.a]\ndefault_scheduler = 'pbs'", 'It may be "local", "slurm".'],
])("says what to write in place of %j", (text, hint) => {
  expect(refuse(text).hint).toBe(hint);
});

test.each(["a/b", ".", "..", "-n", "a b", "a\u001Bb", "", "a".repeat(101)])(
  "refuses the name %j of a target",
  (name) => {
    const error = refuse(`[targets.${JSON.stringify(name)}]\nbase_path = "/x"`);
    expect(error).toMatchObject({ code: "CONFIG_INVALID", hint: expect.stringContaining("[targets.cluster]") });
    expect(error.message).toBe(`config.toml: targets has the name ${JSON.stringify(name)}`);
  },
);

test.each(["cluster-2", "a.b", "_x", "küche", "4"])("takes the name %s of a target", (name) => {
  expect(parseConfig(`[targets."${name}"]\nbase_path = "/x"`, "c").targets.has(name)).toBe(true);
});

test.each(["identity_file", "known_hosts"])("refuses another user's home in %s", (key) => {
  const error = refuse(`[targets.a]\naddress = "b"\nbase_path = "/x"\n${key} = "~bob/k"`);
  expect(error).toMatchObject({ code: "CONFIG_INVALID", hint: expect.stringContaining("homes of other users") });
  expect(error.message).toBe(`config.toml: targets.a.${key} is "~bob/k"`);
});

test("says why the agent is not forwarded, and takes that it is not", () => {
  const error = refuse("[targets.a]\nbase_path = '/x'\nforward_agent = true");
  expect(error.hint).toMatch(/root of the target could log in elsewhere.*proxy_jump/);
  expect(parseConfig("[targets.a]\nbase_path = '/x'\nforward_agent = false", "c").targets.has("a")).toBe(true);
});

test("takes a Host of ssh_config alone as address, whose user and port are undecided", () => {
  const config = parseConfig("[targets.a]\nbase_path = '/x'\naddress = 'cluster'", "c");
  expect(config.targets.get("a")).toMatchObject({
    address: { user: userInfo().username, host: "cluster", port: 22 },
    undecided: ["user", "port"],
  });
  const said = parseConfig("[targets.a]\nbase_path = '/x'\naddress = 'u@cluster'\nport = 22", "c").targets.get("a");
  expect(said?.undecided).toBeUndefined();
});

test.each([
  ["gate", [{ host: "gate" }]],
  ["eve@gate:2200", [{ user: "eve", host: "gate", port: 2200 }]],
  ["outer, ssh://eve@[::1]:23", [{ host: "outer" }, { user: "eve", host: "::1", port: 23 }]],
  ["none", []],
])("reads the jump hosts %j", (text, hops) => {
  const config = parseConfig(`[targets.a]\naddress = 'b'\nbase_path = '/x'\nproxy_jump = '${text}'`, "c");
  expect(config.targets.get("a")?.proxyJump).toEqual(hops);
});

test("gives line and column of what is not TOML", () => {
  expect(refuse("[targets.a]\nbase_path = /x\n").message).toMatch(/^config\.toml:2:13: /);
});

test("reads an IPv6 address in brackets", () => {
  const config = parseConfig("[targets.a]\nbase_path = '/x'\naddress = 'u@[::1]'", "c");
  expect(config.targets.get("a")?.address).toEqual({ user: "u", host: "::1", port: 22 });
});

describe("choosing a target", () => {
  const two = "[targets.a]\nbase_path = '/x'\n[targets.beta]\nbase_path = '/x'";

  test("takes the named one, the submission target, or the only one", () => {
    expect(chooseTarget(parseConfig(FULL, "c"), "local").name).toBe("local");
    expect(chooseTarget(parseConfig(FULL, "c"), undefined).name).toBe("cluster");
    expect(chooseTarget(parseConfig("[targets.a]\nbase_path = '/x'", "c"), undefined).name).toBe("a");
  });

  test.each([undefined, "gamma", "btea"])("refuses %j and lists what there is", (name) => {
    const choose = (): unknown => chooseTarget(parseConfig(two, "c.toml"), name);
    expect(choose).toThrow(expect.objectContaining({ code: "CONFIG_TARGET_UNKNOWN" }));
    expect(choose).toThrow("a, beta");
  });

  test("refuses a submission target that is not there", () => {
    const config = parseConfig(`submission_target = "c"\n${two}`, "c.toml");
    expect(() => chooseTarget(config, undefined)).toThrow(
      'submission_target is "c", and there is no target c in c.toml',
    );
  });
});
