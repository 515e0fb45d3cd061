import fc from "fast-check";
import { expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { mergeTables, parseConfigLayer } from "./config-layer.ts";
import { resolveConfig, type Config } from "./config.ts";

const scalar = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
const { table } = fc.letrec<{ table: Record<string, unknown> }>((tie) => ({
  // Few keys, so that they meet, some of which an object has by birth. As with a schema, a key holds always a table or
  // never: else merging is not associative.
  table: fc
    .tuple(
      fc.dictionary(fc.constantFrom("a", "b", "toString"), scalar, { maxKeys: 3 }),
      fc.oneof({ depthSize: "small" }, fc.constant({}), fc.dictionary(fc.constantFrom("t", "__proto__"), tie("table"))),
    )
    .map(([values, tables]) => Object.fromEntries([...Object.entries(values), ...Object.entries(tables)])),
}));

test("merging tables is associative", () => {
  fc.assert(
    fc.property(table, table, table, (first, second, third) => {
      const left = mergeTables(mergeTables(first, second), third);
      expect(left).toEqual(mergeTables(first, mergeTables(second, third)));
    }),
  );
});

test("a table alone is itself, also merged with itself or with nothing", () => {
  fc.assert(
    fc.property(table, (only) => {
      for (const merged of [mergeTables(only, {}), mergeTables({}, only), mergeTables(only, only)]) {
        expect(merged).toEqual(only);
      }
    }),
  );
});

test("of every key the later table's value counts, and of keys that it lacks the earlier one's", () => {
  fc.assert(
    fc.property(table, table, (earlier, later) => {
      const merged = mergeTables(earlier, later);
      expect(Object.keys(merged).toSorted()).toEqual(
        [...new Set([...Object.keys(earlier), ...Object.keys(later)])].toSorted(),
      );
      const replaced = Object.entries(later).filter(([, value]) => !isTable(value));
      const kept = Object.entries(earlier).filter(([key]) => !Object.hasOwn(later, key));
      expect(Object.entries(merged)).toEqual(expect.arrayContaining([...replaced, ...kept]));
    }),
  );
});

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const USER = `
submission_target = "cluster"
default_scheduler = "local"
[targets.cluster]
address = "ada@cluster"
base_path = "/home/ada/repx"
identity_file = "keys/id"
mount_paths = ["/opt", "/sw"]
[targets.cluster.slurm]
execution_types = ["native"]
local_concurrency = 2
[targets.lab]
base_path = "/lab"
`;
const PROJECT = `
default_scheduler = "slurm"
[targets.cluster]
base_path = "/scratch/study"
known_hosts = "hosts"
port = 2222
`;

function merge(...texts: readonly (readonly [path: string, text: string])[]): Config {
  return resolveConfig(texts.map(([path, text]) => parseConfigLayer(text, path)));
}

function refuse(make: () => unknown): RepxError {
  try {
    make();
  } catch (error) {
    if (error instanceof RepxError) return error;
    throw error;
  }
  throw new Error("accepted");
}

test("the project's file wins key by key over the user's, and each file's paths start from its own folder", () => {
  const config = merge(["/home/ada/.config/repx/config.toml", USER], ["/study/.repx/config.toml", PROJECT]);
  expect(config.submissionTarget).toBe("cluster");
  expect(config.targets.get("cluster")).toEqual({
    name: "cluster",
    address: { user: "ada", host: "cluster", port: 2222 },
    basePath: "/scratch/study",
    scheduler: "slurm",
    identityFile: "/home/ada/.config/repx/keys/id",
    runtimes: { offered: ["native"], mounts: { kind: "paths", paths: ["/opt", "/sw"] } },
    knownHosts: "/study/.repx/hosts",
  });
  expect(config.targets.get("lab")).toEqual({ name: "lab", basePath: "/lab", scheduler: "slurm" });
});

test("a project turns off the jump hosts of the user's file", () => {
  const jump = "[targets.a]\nbase_path = '/x'\naddress = 'u@a'\nproxy_jump = 'gate'";
  const config = merge(["/u", jump], ["/p", "[targets.a]\nproxy_jump = 'none'"]);
  expect(config.targets.get("a")?.proxyJump).toEqual([]);
});

test("a wrong key is reported with the file that has it, whatever the other says of it", () => {
  const good = "[targets.a]\nbase_path = '/x'\naddress = 'u@h'";
  const bad = ["[targets.a]\nadress = 'u@h'", "[targets.a]\nbase_path = 'x'", "[targets.a]\naddress = '@'"];
  for (const text of bad) {
    const error = refuse(() => merge(["/user.toml", text], ["/project.toml", good]));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toMatch(/^\/user\.toml: /);
  }
});

test("what no file has is reported with all of them", () => {
  const error = refuse(() => merge(["/user.toml", "theme = 'x'"], ["/project.toml", "[targets.a]\nport = 23"]));
  expect(error.code).toBe("CONFIG_INVALID");
  expect(error.message).toBe("/user.toml and /project.toml: targets.a.base_path is missing");
  expect(refuse(() => merge(["/u", ""], ["/p", ""])).message).toBe("/u and /p: targets is missing");
});
