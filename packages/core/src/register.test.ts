import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ExperimentRequest } from "./experiment.ts";
import { jobId } from "./model/events.fixture.ts";
import { CommitSha, LabHash, RunName } from "./model/ids.ts";
import { SubmissionRequest } from "./model/protocol.ts";
import { markAdvisory, nameSubmission, type RegisteredStudy } from "./register.ts";

const ID = "s0123456789abcdefghijklmno";
const RUNS = ["study", "sweep"].map((name) => ({ name: RunName.parse(name), jobs: [jobId(1)] }));

let server: Server;
let body: string;
let origin: string;
beforeEach(async () => {
  body = "";
  server = createServer((request, response) => {
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const receipt = { id: ID, token: "t".repeat(43), url: "https://x.example", expiresAt: "2026-03-01T00:00:00Z" };
      response.writeHead(201).end(JSON.stringify(receipt));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
afterEach(() => server.close());

const STUDY: RegisteredStudy = {
  opened: {
    lab: {
      hash: LabHash.parse("0c3f6w9x"),
      runs: new Map(
        RUNS.map(({ name, jobs }) => [name, { name, jobIds: jobs, metadataPath: "x.json", dependencies: new Map() }]),
      ),
    },
  },
  runs: RUNS,
};

function makeRequest(change: Partial<ExperimentRequest>): ExperimentRequest {
  const policy = {
    comment: "never",
    onSupersede: "cancel",
    onClose: "keep",
    publish: true,
    maxQueueHours: 48,
  } as const;
  return {
    lab: ".#lab",
    runs: [],
    commit: { headSha: CommitSha.parse("0".repeat(40)), pullRequest: 7, repository: "lab/study" },
    files: { config: "config.toml", resources: undefined },
    target: { name: "cluster", privateKey: undefined, passphrase: undefined, knownHosts: undefined },
    coordinator: { origin, requestIdToken: async () => "token", policy },
    process: { environment: {}, workFolder: "/", temporaryFolder: "/tmp", now: () => new Date(0) },
    watch: { reporter: { start: () => {}, progress: () => {}, finish: () => {} }, onRegistered: () => {} },
    ...change,
  };
}

const target = { name: "cluster", basePath: "/scratch", scheduler: "slurm" } as const;

test("a registration says how the Lab was named, what is wished, and which runs are advisory", async () => {
  await nameSubmission(makeRequest({ advisoryRuns: ["sweep"] }), STUDY, target, new Map());
  const sent = SubmissionRequest.parse(JSON.parse(body));
  expect(sent).toMatchObject({
    labReference: ".#lab",
    policy: { comment: "never", onSupersede: "cancel", maxQueueHours: 48 },
    runs: [{ name: "study" }, { name: "sweep", isAdvisory: true }],
  });
  expect(sent.runs[0]).not.toHaveProperty("isAdvisory");
});

test("a Lab's reference that is too long to be kept is left out", async () => {
  await nameSubmission(makeRequest({ lab: "x".repeat(501) }), STUDY, target, new Map());
  expect(SubmissionRequest.parse(JSON.parse(body))).not.toHaveProperty("labReference");
});

test("an advisory run that the Lab lacks is refused with those that it has", () => {
  expect(() => markAdvisory({ advisoryRuns: ["sweeep"] }, STUDY)).toThrow(
    expect.objectContaining({ code: "LAB_RUN_UNKNOWN", hint: "The Lab's runs are study, sweep." }),
  );
});

test("without a coordinator the id is told as soon as there is one", async () => {
  const told: string[] = [];
  const watch = { ...makeRequest({}).watch, onNamed: (id: string) => told.push(id) };
  const request = makeRequest({ coordinator: undefined, watch });
  const { id, registration } = await nameSubmission(request, STUDY, target, new Map());
  expect([told, registration]).toEqual([[id], undefined]);
});
