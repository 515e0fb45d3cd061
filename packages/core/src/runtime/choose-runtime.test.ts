import fc from "fast-check";
import { expect, test } from "vitest";
import { RepxError } from "../model/errors.ts";
import type { ExecutionType } from "../target/config/config-layer.ts";
import { parseConfig } from "../target/config/config.ts";
import { chooseRuntime } from "./choose-runtime.ts";

const KINDS = ["native", "bwrap", "podman", "docker"] as const;
const JOB = { id: "gen-1.0", image: "0x1y2z-lab-image.tar", hasClosure: true };

interface SiteKeys {
  readonly offered?: readonly ExecutionType[];
  readonly preferred?: ExecutionType;
  readonly paths?: readonly string[];
  readonly base?: string;
}

/** A target as config.toml makes it, so that the keys are those that people write. */
function readSite({ offered, preferred, paths, base = "/scratch/ada" }: SiteKeys) {
  const lines = [
    "[targets.cluster]",
    `base_path = ${JSON.stringify(base)}`,
    ...(preferred === undefined ? [] : [`default_execution_type = "${preferred}"`]),
    ...(paths === undefined ? [] : [`mount_paths = ${JSON.stringify(paths)}`]),
    ...(offered === undefined ? [] : ["[targets.cluster.slurm]", `execution_types = ${JSON.stringify(offered)}`]),
  ];
  const site = parseConfig(lines.join("\n"), "config.toml").targets.get("cluster");
  if (site === undefined) throw new Error("no target");
  return site;
}

test.each([
  ["the default, which the scheduler offers", { offered: ["native", "podman"], preferred: "podman" }, "podman"],
  [
    "the first that is offered, when the default is not",
    { offered: ["bwrap", "native"], preferred: "docker" },
    "bwrap",
  ],
  ["the first that is offered, without a default", { offered: ["docker", "native"] }, "docker"],
  ["native, when the scheduler offers nothing", { preferred: "bwrap" }, "native"],
  ["native, when the file says nothing", {}, "native"],
] satisfies [string, SiteKeys, ExecutionType][])("a job with an image gets %s", (_, keys, kind) => {
  expect(chooseRuntime(readSite(keys), undefined, JOB)).toBe(kind);
});

const kinds = fc.uniqueArray(fc.constantFrom(...KINDS));
const optionalKind = fc.option(fc.constantFrom(...KINDS), { nil: undefined });

test("without a wish, a job without an image is native, and any other gets what is offered or native", () => {
  fc.assert(
    fc.property(kinds, optionalKind, (offered, preferred) => {
      const site = readSite({ offered, ...(preferred === undefined ? {} : { preferred }) });
      expect(chooseRuntime(site, undefined, { ...JOB, image: undefined })).toBe("native");
      expect(offered.length === 0 ? ["native"] : offered).toContain(chooseRuntime(site, undefined, JOB));
    }),
  );
});

function answer(choose: () => string): string {
  try {
    return choose();
  } catch (error) {
    if (error instanceof RepxError) return "refused";
    throw error;
  }
}

test("a wish is met or refused, and never answered by something else", () => {
  fc.assert(
    fc.property(kinds, fc.constantFrom(...KINDS), fc.boolean(), fc.boolean(), (offered, wish, hasImage, hasClosure) => {
      const job = { ...JOB, image: hasImage ? JOB.image : undefined, hasClosure };
      const isOffered = offered.length === 0 || offered.includes(wish);
      const hasSoftware = wish === "native" || hasImage || (wish === "bwrap" && hasClosure);
      expect(answer(() => chooseRuntime(readSite({ offered }), wish, job))).toBe(
        isOffered && hasSoftware ? wish : "refused",
      );
    }),
  );
});

test("a wish that the target does not offer is refused with what it offers", () => {
  const site = readSite({ offered: ["native", "bwrap"] });
  expect(() => chooseRuntime(site, "docker", JOB)).toThrow(
    expect.objectContaining({
      code: "RUNTIME_NOT_OFFERED",
      message: "target cluster offers native, bwrap, and not docker",
      hint: 'Choose one of these, or add "docker" to execution_types in [targets.cluster.slurm].',
    }),
  );
});

test.each(["bwrap", "podman", "docker"] as const)(
  "the wish for %s is refused for a job without any software",
  (wish) => {
    const job = { id: "gen-1.0", image: undefined, hasClosure: false };
    expect(() => chooseRuntime(readSite({}), wish, job)).toThrow(
      expect.objectContaining({
        code: "RUNTIME_IMAGE_MISSING",
        message: `job gen-1.0 cannot run in ${wish}: its run has no image`,
      }),
    );
  },
);

test.each([
  [{ base: "/scratch/a:b" }, "/scratch/a:b"],
  [{ paths: ["/opt/sw", "/data/x,y"] }, "/data/x,y"],
])("a path that podman cannot mount is refused, and bwrap takes it: %j", (keys, path) => {
  expect(() => chooseRuntime(readSite(keys), "podman", JOB)).toThrow(
    expect.objectContaining({
      code: "RUNTIME_PATH_UNSUPPORTED",
      message: `podman cannot mount ${path} of target cluster`,
    }),
  );
  expect(chooseRuntime(readSite(keys), "bwrap", JOB)).toBe("bwrap");
});
