import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { renderRuntimeTable, type JobRuntime } from "./runtime-table.ts";

const PLAIN: JobRuntime = { kind: "bwrap", network: false, mounts: { kind: "isolated" }, inputs: [] };

test("the table of a job that is isolated has its kind and says that the network is off", () => {
  expect(renderRuntimeTable(PLAIN)).toBe("kind\tbwrap\nnetwork\toff\n");
});

test("the table has a line for each thing that the job needs or sees", () => {
  const table = renderRuntimeTable({
    kind: "podman",
    image: "0x1y2z-lab-image.tar",
    network: true,
    mounts: { kind: "paths", paths: ["/opt/site software", "/dev/fuse"] },
    nodeLocalPath: "/local scratch",
    hostTools: "host-tools/abc",
    inputs: [jobId(1), jobId(2), jobId(1)],
  });
  expect(table.split("\n")).toEqual([
    "kind\tpodman",
    "image\t0x1y2z-lab-image.tar",
    "network\ton",
    "node-local\t/local scratch",
    "tools\thost-tools/abc",
    "mount\t/opt/site software",
    "mount\t/dev/fuse",
    `input\t${jobId(1)}`,
    `input\t${jobId(2)}`,
    "",
  ]);
  expect(renderRuntimeTable({ ...PLAIN, mounts: { kind: "host" } })).toContain("host\tall\n");
});

test("more than 1,000 inputs are shown as all outputs", () => {
  const inputs = Array.from({ length: 1001 }, (_, nth) => jobId(nth));
  expect(renderRuntimeTable({ ...PLAIN, inputs })).toBe("kind\tbwrap\nnetwork\toff\ninputs\tall\n");
  expect(renderRuntimeTable({ ...PLAIN, inputs: inputs.slice(1) })).toContain(`input\t${jobId(1000)}\n`);
});
