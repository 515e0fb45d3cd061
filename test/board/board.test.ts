import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import type { Page } from "playwright-core";
import * as z from "zod";
import type { Receipt } from "../coordinator/coordinator-stand.ts";
import { type BoardStand, type OpenPage, startBoardStand } from "./board-stand.ts";
import { measurePage, registerLargeSubmission } from "./large-submission.ts";
import { fitId, listEvents, listStudy, walkId } from "./sample-jobs.ts";

const WALKS = 60;
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let board: BoardStand;
let study: Receipt;
beforeAll(async () => {
  board = await startBoardStand();
  study = await registerStudy();
  // The index has it when GitHub was told of it.
  await board.stand.waitForChecks(board.pullRequest, (lines) => lines.length === 1);
});
afterAll(async () => {
  await board[Symbol.asyncDispose]();
});

async function registerStudy(): Promise<Receipt> {
  const receipt = await board.register(listStudy(WALKS));
  const nths = Array.from({ length: WALKS }, (_, index) => index + 1);
  await board.report(
    receipt,
    nths.flatMap((nth) => listEvents(nth, WALKS)),
  );
  return receipt;
}

function listPages(): [name: string, path: string][] {
  return [
    ["start", "/"],
    ["repository", "/r/lab/study"],
    ["run", "/r/lab/study/runs/simulation"],
    ["submission", `/s/${study.id}`],
    ["failed job", `/s/${study.id}/jobs/${walkId(7)}`],
    ["job with metrics", `/s/${study.id}/jobs/${walkId(8)}`],
  ];
}

/** Whether a page that follows along has its socket. */
async function isSettled(page: Page): Promise<unknown> {
  return page.evaluate(
    "document.body.dataset.live === undefined || document.querySelector('#live').className === 'on'",
  );
}

const Violations = z.array(z.object({ id: z.string(), nodes: z.array(z.string()) }));

/** What axe finds against a page, as rule and place. */
async function findViolations({ page }: OpenPage): Promise<z.infer<typeof Violations>> {
  await page.evaluate(await readFile(AXE, "utf8"));
  return Violations.parse(
    await page.evaluate(
      `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) })))`,
    ),
  );
}

test.each([
  [1280, "light"],
  [1280, "dark"],
  [375, "light"],
  [375, "dark"],
] as const)(
  "every page is fit to use at %i pixels, %s: nothing refused, no violation, no sideways scroll",
  async (width, scheme) => {
    for (const [name, path] of listPages()) {
      await using open = await board.open(path, { width, scheme });
      await expect.poll(async () => isSettled(open.page), { message: name }).toBe(true);
      expect(open.complaints, name).toEqual([]);
      expect(await open.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name).toBe(true);
      expect(await findViolations(open), name).toEqual([]);
    }
  },
);

test("an open page follows along, and the keyboard stays where it was", async () => {
  onTestFailed(async () => console.error(await board.stand.coordinator.readLogs()));
  const receipt = await registerStudy();
  await using open = await board.open(`/s/${receipt.id}?stage=fit-2.1&parameter=seed%3D8`);
  const { page } = open;
  const row = page.locator(`tr:has(a[href="/s/${receipt.id}/jobs/${fitId(8)}"])`);
  expect(await row.textContent()).toContain("queued");
  await expect.poll(async () => page.textContent("#live")).toBe("live");
  await row.locator("a").focus();
  const event = { job: fitId(8), attempt: 1, slurmId: "9", at: new Date().toISOString(), state: "RUNNING" };
  await board.report(receipt, [{ ...event, id: "fit8.1.RUNNING", node: "n9" }]);
  await expect.poll(async () => row.textContent(), { timeout: 8000 }).toContain("running");
  expect(await row.textContent()).toContain("n9");
  expect(await page.evaluate("document.activeElement.getAttribute('href')")).toBe(`/s/${receipt.id}/jobs/${fitId(8)}`);
  expect(open.complaints).toEqual([]);
});

test("an open page catches up after the coordinator was killed", async () => {
  const receipt = await registerStudy();
  await using open = await board.open(`/s/${receipt.id}/jobs/${fitId(8)}`);
  await expect.poll(async () => open.page.textContent("#live")).toBe("live");
  await board.stand.coordinator.kill9();
  await expect.poll(async () => open.page.textContent("#live")).toBe("");
  await board.stand.coordinator.restart();
  const event = { job: fitId(8), attempt: 1, slurmId: "9", at: new Date().toISOString(), state: "RUNNING" };
  await board.report(receipt, [{ ...event, id: "fit8.1.RUNNING" }]);
  await expect.poll(async () => open.page.textContent("#state"), { timeout: 20_000 }).toContain("running");
});

test("without scripts, jobs are chosen by the form and paged by links", async () => {
  await using open = await board.open(`/s/${study.id}`, { hasScripts: false });
  const { page } = open;
  await page.selectOption("select[name=state]", "trouble");
  await page.fill("input[name=parameter]", "lattice_size=128");
  await page.click("text=Show");
  expect(new URL(page.url()).searchParams.get("parameter")).toBe("lattice_size=128");
  expect(await page.locator("table.jobs tbody tr").count()).toBe(1);
  expect(await page.inputValue("select[name=state]")).toBe("trouble");
  await page.click("table.jobs tbody a");
  expect(await page.textContent("h1")).toContain("percolation-1.0");
  expect(await page.textContent("pre")).toContain("oom_kill");
  expect(open.complaints).toEqual([]);
});

test("a repository leads to its submissions and runs", async () => {
  await using open = await board.open("/");
  const { page } = open;
  await page.fill("input[name=repository]", "lab/study");
  await page.click("text=Show its submissions");
  expect(new URL(page.url()).pathname).toBe("/r/lab/study");
  expect(await page.locator(`a[href="/s/${study.id}"]`).count()).toBe(1);
  await page.click("text=simulation");
  expect(await page.textContent("table.history")).toContain("running");
  expect(await page.textContent("table.trends")).toContain("threshold");
});

test("the keyboard reaches the content first, and where it is can be seen", async () => {
  await using open = await board.open(`/s/${study.id}`);
  const { page } = open;
  const active = async (field: string) => page.evaluate(`document.activeElement.${field}`);
  await page.keyboard.press("Tab");
  expect(await active("textContent.trim()")).toBe("Skip to the content");
  expect(await page.locator(".skip").boundingBox()).toMatchObject({ x: expect.closeTo(8, 0) });
  await page.keyboard.press("Enter");
  expect(await active("id")).toBe("content");
  await page.keyboard.press("Tab");
  const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineWidth");
  expect(outline).toBe("3px");
});

test("a page that is not there says what to do", async () => {
  await using open = await board.open("/r/lab/secret");
  expect(await open.page.textContent("main")).toContain("you may not read the repository");
});

test("a script in the page is not run, wherever it comes from", async () => {
  await using open = await board.open(`/s/${study.id}`);
  const { page } = open;
  await page.evaluate(`{
    const script = document.createElement("script");
    script.textContent = "window.isRun = true";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", '<img src="https://evil.test/x.png" onerror="window.isRun = true">');
  }`);
  await expect.poll(() => open.complaints.join("\n")).toContain("Content Security Policy");
  expect(await page.evaluate("window.isRun")).toBe(undefined);
});

test("a submission of 10,000 jobs is one page of 200, small and soon there", async () => {
  const { id } = await registerLargeSubmission(board);
  const costs = [];
  for (const query of ["", "?page=50", "?state=trouble", "?parameter=lattice_size%3D128", "?sort=slowest"]) {
    costs.push(await measurePage(board, `/s/${id}${query}`));
  }
  console.log(costs.map(({ path, ...cost }) => ({ query: path.replace(`/s/${id}`, ""), ...cost })));
  for (const cost of costs) {
    expect(cost.bytes).toBeLessThan(300_000);
    // The aim is 150 ms, which the benchmark watches; here other tests run at the same time.
    expect(cost.medianMs).toBeLessThan(1500);
  }
  await using open = await board.open(`/s/${id}`);
  expect(await open.page.locator("table.jobs tbody tr").count()).toBe(200);
  expect(await open.page.textContent("table.jobs caption")).toBe("Jobs 1 to 200 of 10,000, as registered");
  await open.page.click("a[rel=next]");
  expect(await open.page.textContent("table.jobs caption")).toContain("Jobs 201 to 400");
});

test("who is not signed in is led to GitHub, back to the page they wanted, and out again", async () => {
  await using open = await board.open(`/s/${study.id}?state=failed`, { isSignedIn: false });
  const { page } = open;
  expect(page.url()).toContain("/login/oauth/authorize");
  await page.click("text=octocat");
  await page.waitForURL(`${board.url}/s/${study.id}?state=failed`);
  expect(await page.textContent("h1")).toContain(study.id.slice(0, 8));
  await page.click("text=Sign out");
  await page.waitForURL(`${board.url}/`);
  expect(await page.textContent("header")).toContain("Sign in");
  await page.goto(`${board.url}/s/${study.id}`);
  expect(page.url()).toContain("/login/oauth/authorize");
});
