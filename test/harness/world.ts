// Everything around the product, for real and on loopback: GitHub's emulator, the issuer of workflow tokens, the
// coordinator in workerd, a SLURM cluster, sshd, Nix, and a researcher with a pull request.
import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ActionRun, runAction } from "./action-runner.ts";
import { type ClusterUser, ensureClusterUser } from "./cluster-user.ts";
import { type CoordinatorProcess, startCoordinatorProcess } from "./coordinator-process.ts";
import { findFreePort } from "./free-port.ts";
import { type CheckRun, type GitHubEmulator, type PullRequest, startGitHubEmulator } from "./github-emulator.ts";
import { type GitHubRules, startGitHubRules } from "./github-rules.ts";
import { nixEnvironment } from "./nix-environment.ts";
import { type OidcIssuer, startOidcIssuer } from "./oidc-issuer.ts";
import { REPOSITORY_ROOT } from "./repository-root.ts";
import { type Pins, type ResearcherCheckout, writePins, writeResearcherCheckout } from "./researcher-checkout.ts";
import { type SlurmCluster, startSlurmCluster } from "./slurm-cluster.ts";
import { type SshServer, startSshServer } from "./ssh-server.ts";
import { makeTraversableFolder } from "./traversable-folder.ts";
import { waitUntil } from "./wait-until.ts";

/** A study on a branch, with its pull request. */
export interface Experiment {
  readonly checkout: ResearcherCheckout;
  readonly pullRequest: PullRequest;
}

export interface World extends AsyncDisposable {
  readonly github: GitHubEmulator;
  /** GitHub as the coordinator sees it; ending the world fails when it was asked for what GitHub refuses. */
  readonly rules: GitHubRules;
  readonly oidc: OidcIssuer;
  readonly coordinator: CoordinatorProcess;
  readonly cluster: SlurmCluster;
  readonly ssh: SshServer;
  readonly user: ClusterUser;
  /** The target's `base_path`. */
  readonly basePath: string;
  /** Opens a pull request with a copy of an example, whose config names this world's target. */
  openExperiment(branch: string, example?: string): Promise<Experiment>;
  /** Runs the Action's bundle on it as the workflow file says, with inputs of one's own on top. */
  runAction(experiment: Experiment, options?: RunOptions): Promise<ActionRun>;
  /** Waits until every check run of the commit is completed. */
  waitForChecks(sha: string, count: number, timeoutSeconds?: number): Promise<CheckRun[]>;
  readLogs(): Promise<string>;
}

export interface RunOptions {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly jobStatus?: "success" | "failure" | "cancelled";
  /** `github.token`; none when absent, as if the workflow passed an empty one. */
  readonly token?: string;
  /** Another event than the opened pull request. */
  readonly event?: { readonly name: string; readonly payload: Readonly<Record<string, unknown>> };
}

export interface WorldOptions {
  /** Kept between starts: Nix store, the target's folders, the coordinator's state. */
  readonly folder: string;
  /** Seconds between the relay's sweeps; the relay's own default when absent. */
  readonly sweepSeconds?: number;
  readonly onStep?: (step: string) => void;
}

/** Starts the world; what had started is ended again when something does not. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const { folder } = options;
  await makeTraversableFolder(folder);
  await using started = new AsyncDisposableStack();
  const announce = options.onStep ?? (() => {});

  const github = started.use(await startGitHubEmulator({ owner: "physics", repository: "percolation" }));
  const rules = started.use(await startGitHubRules(github));
  const oidc = started.use(await startOidcIssuer(describeRun(github)));
  announce(`GitHub emulator on port ${new URL(github.url).port}, OIDC issuer on port ${new URL(oidc.url).port}`);
  const user = await ensureClusterUser();
  const cluster = started.use(await startCluster(folder, user));
  announce(`${cluster.version} with ${cluster.nodes.length} nodes`);
  const ssh = started.use(await startSshd(options, user, cluster));
  announce(`${ssh.version.split(/[ ,]/)[0]} on port ${ssh.port}`);
  const coordinator = started.use(await startCoordinator(folder, github, rules, oidc));
  announce(`coordinator in workerd on port ${coordinator.port}`);

  const basePath = await makeBasePath(folder, user);
  const nix = nixEnvironment(join(folder, "nix"));
  const pins = await writePins(join(folder, "pins"));
  const services = { github, rules, oidc, coordinator, cluster, ssh, user, basePath };
  const running = started.move();
  return {
    ...services,
    openExperiment: async (branch, example = "parameter-sweep") =>
      openExperiment(services, { folder, nix, pins }, branch, example),
    runAction: async (experiment, run) => runOnRunner(services, { folder, nix }, experiment, run ?? {}),
    waitForChecks: async (sha, count, timeoutSeconds = 120) => waitForChecks(github, sha, count, timeoutSeconds),
    readLogs: async () => readAllLogs(services),
    [Symbol.asyncDispose]: async () => {
      await user.endProcessesOf(cluster.conf);
      await running.disposeAsync();
    },
  };
}

type Services = Pick<World, "github" | "oidc" | "coordinator" | "cluster" | "ssh" | "user" | "basePath">;

function describeRun(github: GitHubEmulator, pullRequest?: PullRequest): Parameters<OidcIssuer["describeRun"]>[0] {
  return {
    repository: github.fullName,
    repositoryId: github.repositoryId,
    ownerId: github.ownerId,
    pullRequest: pullRequest?.number ?? 1,
    sha: pullRequest?.headSha ?? "0".repeat(40),
    actor: github.actor,
    actorId: github.actorId,
    runId: "1001",
  };
}

async function startCluster(folder: string, user: ClusterUser): Promise<SlurmCluster> {
  return startSlurmCluster({
    folder: join(folder, "slurm"),
    user,
    nodes: 2,
    epilog: join(REPOSITORY_ROOT, "packages/core/epilog/repx-epilog"),
  });
}

async function startSshd(options: WorldOptions, user: ClusterUser, cluster: SlurmCluster): Promise<SshServer> {
  const sweep = options.sweepSeconds === undefined ? {} : { REPX_SWEEP_SECONDS: String(options.sweepSeconds) };
  return startSshServer({
    folder: join(options.folder, "ssh"),
    user,
    // What a site's administrator sets for logins: where SLURM is configured, and where the epilog rings.
    environment: { ...cluster.environment, REPX_SPOOL: cluster.doorbells, ...sweep },
  });
}

async function startCoordinator(
  folder: string,
  github: GitHubEmulator,
  rules: GitHubRules,
  oidc: OidcIssuer,
): Promise<CoordinatorProcess> {
  const port = await findFreePort();
  return startCoordinatorProcess({
    folder: join(folder, "coordinator"),
    port,
    vars: {
      COORDINATOR_ORIGIN: `http://127.0.0.1:${port}`,
      GITHUB_API_URL: rules.url,
      GITHUB_SERVER_URL: github.url,
      OIDC_ISSUER: oidc.url,
      GITHUB_APP_ID: String(github.app.id),
    },
    secrets: { GITHUB_APP_PRIVATE_KEY: github.app.privateKey },
  });
}

async function makeBasePath(folder: string, user: ClusterUser): Promise<string> {
  const scratch = await makeTraversableFolder(folder, "scratch");
  const basePath = join(scratch, user.name);
  await mkdir(basePath, { recursive: true });
  await chown(basePath, user.uid, user.gid);
  return basePath;
}

async function openExperiment(
  world: Services,
  place: { readonly folder: string; readonly nix: Record<string, string>; readonly pins: Pins },
  branch: string,
  example: string,
): Promise<Experiment> {
  const pullRequest = await world.github.openPullRequest({ branch, title: `Study ${branch}` });
  const checkout = await writeResearcherCheckout(
    join(place.folder, "checkouts", branch),
    example,
    place.pins,
    place.nix,
  );
  await writeFile(join(checkout.folder, ".repx/config.toml"), renderConfig(world));
  return { checkout, pullRequest };
}

function renderConfig(world: Services): string {
  return [
    "[targets.cluster]",
    `address = "${world.user.name}@${world.ssh.host}"`,
    `port = ${world.ssh.port}`,
    `base_path = "${world.basePath}"`,
    'default_scheduler = "slurm"',
    "",
  ].join("\n");
}

async function runOnRunner(
  world: Services,
  place: { readonly folder: string; readonly nix: Record<string, string> },
  { checkout, pullRequest }: Experiment,
  run: RunOptions,
): Promise<ActionRun> {
  const eventName = run.event?.name ?? "pull_request";
  world.oidc.describeRun({ ...describeRun(world.github, pullRequest), eventName });
  return runAction({
    action: REPOSITORY_ROOT,
    folder: join(place.folder, "runner"),
    inputs: {
      target: "cluster",
      resources: "resources.toml",
      "ssh-key": world.ssh.privateKey,
      "known-hosts": world.ssh.knownHosts,
      coordinator: world.coordinator.url,
      ...run.inputs,
    },
    context: {
      repository: world.github.fullName,
      repositoryId: world.github.repositoryId,
      ownerId: world.github.ownerId,
      sha: pullRequest.headSha,
      ref: `refs/pull/${pullRequest.number}/merge`,
      actor: world.github.actor,
      eventName,
      event: run.event?.payload ?? pullRequest.event,
      ...(run.token === undefined ? {} : { token: run.token }),
      apiUrl: world.github.url,
      serverUrl: world.github.url,
      runId: "1001",
      workspace: checkout.folder,
      oidc: world.oidc.environment,
    },
    environment: { ...place.nix, ...run.environment },
    secrets: [world.ssh.privateKey],
    ...(run.onLine === undefined ? {} : { onLine: run.onLine }),
    ...(run.signal === undefined ? {} : { signal: run.signal }),
    ...(run.jobStatus === undefined ? {} : { jobStatus: run.jobStatus }),
  });
}

async function waitForChecks(
  github: GitHubEmulator,
  sha: string,
  count: number,
  timeoutSeconds: number,
): Promise<CheckRun[]> {
  return waitUntil({ what: `${count} completed check runs`, timeoutSeconds, intervalMs: 300 }, async () => {
    const checks = await github.readCheckRuns(sha);
    return checks.length >= count && checks.every((check) => check.status === "completed") && checks;
  });
}

async function readAllLogs(world: Services): Promise<string> {
  const relays = await world.user
    .run(["sh", "-c", 'tail -n 50 "$1"/submissions/*/relay.log', "sh", world.basePath])
    .then(
      ({ stdout }) => stdout,
      () => "(no relay ran)",
    );
  const logs = await Promise.all(
    [world.coordinator, world.cluster, world.ssh].map(async (service) => service.readLogs()),
  );
  return [...logs, relays].join("\n");
}
