// The board in a browser: the coordinator, a person of GitHub's emulator who signed in, and Debian's Chromium.
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { type CoordinatorStand, Receipt, startCoordinatorStand } from "../coordinator/coordinator-stand.ts";
import type { PullRequest } from "../harness/github-emulator.ts";
import type { SampleJob } from "./sample-jobs.ts";

/** The emulator asks nobody's App for these. */
const SETTINGS = {
  GITHUB_APP_CLIENT_ID: "Iv23liBoard",
  GITHUB_APP_CLIENT_SECRET: "not-a-secret",
  SESSION_SECRET: "0123456789abcdef0123456789abcdef",
};
const CHROMIUM = "/usr/bin/chromium";
/** As root, and without a word to anybody outside. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How a person looks at the board. */
export interface Look {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly hasScripts?: boolean;
  readonly isSignedIn?: boolean;
}

type BrowserState = Awaited<ReturnType<BrowserContext["storageState"]>>;

/** A page, and what its browser complained of. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: string[];
}

export interface BoardStand extends AsyncDisposable {
  readonly stand: CoordinatorStand;
  readonly pullRequest: PullRequest;
  /** The board's address. */
  readonly url: string;
  /** Registers jobs of a run `simulation`; answers the submission's id and token. */
  register(jobs: readonly SampleJob[]): Promise<Receipt>;
  report(submission: Receipt, events: readonly object[]): Promise<void>;
  /** The signed-in person's cookies, as a request carries them. */
  readonly cookie: string;
  open(path: string, look?: Look): Promise<OpenPage>;
}

/** Starts Worker and browser; both end with the stand. */
export async function startBoardStand(): Promise<BoardStand> {
  await using stack = new AsyncDisposableStack();
  const stand = stack.use(await startCoordinatorStand({ settings: SETTINGS }));
  const pullRequest = await stand.openPullRequest("board");
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  stack.defer(async () => browser.close());
  const { url } = stand.coordinator;
  const state = await signIn(browser, url);
  const kept = stack.move();
  return {
    stand,
    pullRequest,
    url,
    register: async (jobs) => register(stand, pullRequest, jobs),
    report: async (submission, events) => {
      const answer = await stand.report(submission, events);
      if (answer.status !== 200) throw new Error(`reporting: ${JSON.stringify(answer)}`);
    },
    cookie: state.cookies.map(({ name, value }) => `${name}=${value}`).join("; "),
    open: async (path, look = {}) => openPage(browser, `${url}${path}`, look, state),
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}

/** Signs in as the emulator's person, by its page; what the browser keeps of it serves every page after. */
async function signIn(browser: Browser, url: string): Promise<BrowserState> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/sign-in`);
  await page.click("text=octocat");
  await page.waitForURL(`${url}/`);
  const state = await context.storageState();
  await context.close();
  return state;
}

async function register(stand: CoordinatorStand, pull: PullRequest, jobs: readonly SampleJob[]): Promise<Receipt> {
  const { fullName: repository, repositoryId, ownerId, actor, actorId } = stand.github;
  const { number: pullRequest, headSha } = pull;
  stand.issuer.describeRun({
    repository,
    repositoryId,
    ownerId,
    actor,
    actorId,
    pullRequest,
    sha: headSha,
    runId: "7",
  });
  const token = await stand.issuer.sign({ aud: stand.coordinator.url });
  const runs = [{ name: "simulation", jobs: jobs.map(({ id }) => id) }];
  const body = { lab: "0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5", target: "cluster", headSha, pullRequest, runs, jobs };
  const answer = await stand.send("POST", "/api/submissions", token, JSON.stringify(body));
  if (answer.status !== 201) throw new Error(`registering: ${JSON.stringify(answer)}`);
  return Receipt.parse(answer.body);
}

async function openPage(browser: Browser, url: string, look: Look, state: BrowserState): Promise<OpenPage> {
  const { width = 1280, scheme = "light", hasScripts = true, isSignedIn = true } = look;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    javaScriptEnabled: hasScripts,
    ...(isSignedIn && { storageState: state }),
  });
  const page = await context.newPage();
  const complaints = collectComplaints(page);
  await page.goto(url);
  return { page, complaints, [Symbol.asyncDispose]: async () => closeContext(context) };
}

/** Refused by the policy, not found, thrown: whatever Chromium writes to the console as an error or warning. */
function collectComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  return complaints;
}

async function closeContext(context: BrowserContext): Promise<void> {
  await context.close();
}
