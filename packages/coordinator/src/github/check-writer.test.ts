import { Octokit } from "@octokit/core";
import { restEndpointMethods } from "@octokit/plugin-rest-endpoint-methods";
import type { Annotation } from "@repx/core/model";
import { expect, test } from "vitest";
import * as z from "zod";
import type { AppClient } from "./app-client.ts";
import { createCheck, updateCheck, type CheckPayload } from "./check-writer.ts";

const Body = z.looseObject({
  conclusion: z.string().optional(),
  output: z.looseObject({ title: z.string(), annotations: z.array(z.looseObject({ title: z.string() })).optional() }),
  actions: z.array(z.unknown()).optional(),
});

interface Github {
  readonly client: AppClient;
  /** `POST` or `PATCH`, and how many annotations came with it. */
  readonly requests: string[];
  readonly checks: { conclusion: string | undefined; titles: string[]; actions: unknown }[];
}

/** A GitHub with check runs alone: it refuses more than fifty annotations at once, and adds them to those that are there. */
function openGithub(meet: (request: number) => number | undefined = () => undefined): Github {
  const [requests, checks]: [string[], Github["checks"]] = [[], []];
  const answer = async (url: string, init: RequestInit): Promise<Response> => {
    const body = Body.parse(JSON.parse(z.string().parse(init.body)));
    const annotations = body.output.annotations ?? [];
    requests.push(`${String(init.method)} ${annotations.length}`);
    const status = annotations.length > 50 ? 422 : meet(requests.length);
    if (status !== undefined) return Response.json({ message: "refused" }, { status });
    const id =
      init.method === "POST"
        ? checks.push({ conclusion: undefined, titles: [], actions: undefined })
        : Number(url.split("/").at(-1));
    const check = checks[id - 1];
    if (check === undefined) return Response.json({ message: "Not Found" }, { status: 404 });
    check.conclusion = body.conclusion ?? check.conclusion;
    check.actions = body.actions ?? check.actions;
    check.titles.push(...annotations.map(({ title }) => title));
    return Response.json({ id, output: { annotations_count: check.titles.length } });
  };
  const Kit = Octokit.plugin(restEndpointMethods);
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  return { client: new Kit({ request: { fetch: answer }, log }), requests, checks };
}

const ADDRESS = {
  repository: { owner: "lab", repo: "study" },
  headSha: "0123456789abcdef0123456789abcdef01234567",
  externalId: "s0123456789abcdefghijklmno/simulation",
  detailsUrl: "https://repx.example.org",
};

const listTitles = (count: number): string[] => Array.from({ length: count }, (_, nth) => `mark ${nth}`);

function makePayload(count: number): CheckPayload {
  const annotations = listTitles(count).map((title): Annotation => ({
    path: "a.nix",
    start_line: 1,
    end_line: 1,
    annotation_level: "failure",
    title,
    message: "",
  }));
  return {
    name: "repx / simulation",
    status: "completed",
    conclusion: "failure",
    output: { title: "failed: 130 of 130 jobs", summary: "", annotations },
    actions: [],
  };
}

test.each([
  [0, ["POST 0"]],
  [50, ["POST 0", "PATCH 50"]],
  [51, ["POST 0", "PATCH 50", "PATCH 1"]],
  [130, ["POST 0", "PATCH 50", "PATCH 50", "PATCH 30"]],
])("I-24: %i annotations are on one check, fifty at a time", async (count, requests) => {
  const github = openGithub();
  await createCheck(github.client, ADDRESS, makePayload(count));
  expect(github.requests).toEqual(requests);
  expect(github.checks).toEqual([{ conclusion: "failure", titles: listTitles(count), actions: [] }]);
});

test("I-24: a check that is written again gets no annotation twice", async () => {
  const github = openGithub();
  const id = await createCheck(github.client, ADDRESS, { ...makePayload(0), status: "in_progress" });
  for (let round = 0; round < 3; round += 1) await updateCheck(github.client, ADDRESS.repository, id, makePayload(130));
  expect(github.checks[0]?.titles).toEqual(listTitles(130));
  expect(github.requests.slice(-2)).toEqual(["PATCH 0", "PATCH 0"]);
});

test("I-24: annotations that an outage cut off are gone on with where they stopped", async () => {
  const github = openGithub((request) => (request === 4 ? 502 : undefined));
  const id = await createCheck(github.client, ADDRESS, { ...makePayload(0), status: "in_progress" });
  await expect(updateCheck(github.client, ADDRESS.repository, id, makePayload(130))).rejects.toMatchObject({
    status: 502,
  });
  expect(github.checks[0]).toMatchObject({ conclusion: "failure", titles: listTitles(50) });
  await updateCheck(github.client, ADDRESS.repository, id, makePayload(130));
  expect(github.checks[0]?.titles).toEqual(listTitles(130));
});

test("annotations that GitHub refuses for good leave the verdict as it is", async () => {
  const github = openGithub((request) => (request > 1 ? 422 : undefined));
  expect(await createCheck(github.client, ADDRESS, makePayload(3))).toBe(1);
  expect(github.checks[0]).toMatchObject({ conclusion: "failure", titles: [] });
});
