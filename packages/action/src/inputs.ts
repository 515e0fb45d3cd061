import { CommitSha, parseCoordinatorOrigin, RepxError, SubmissionPolicy, type OrphanPolicy } from "@repx/core/model";
import * as z from "zod";
import type { Host } from "./host.ts";
import { parseBoolean, parseChoice, parseOptional, parseWords } from "./parse-inputs.ts";

/** What the Action can do. */
export const COMMANDS = ["submit", "reconcile", "cancel", "gc", "pull"] as const;
export type ActionCommand = (typeof COMMANDS)[number];

/** The Action's inputs, checked; one field an input of action.yml. */
export interface Inputs {
  readonly command: ActionCommand;
  readonly lab: string;
  readonly runs: readonly string[];
  readonly target: string | undefined;
  readonly config: string;
  readonly resources: string | undefined;
  readonly sshKey: string | undefined;
  readonly sshKeyPassphrase: string | undefined;
  readonly knownHosts: string | undefined;
  readonly coordinator: string | undefined;
  readonly token: string | undefined;
  readonly wait: boolean;
  readonly onCancel: OrphanPolicy;
  /** `comment`, `on-supersede`, `on-close`, `publish` and `max-queue-hours`. */
  readonly policy: SubmissionPolicy;
  readonly advisory: readonly string[];
  readonly headSha: CommitSha | undefined;
  readonly pullRequest: number | undefined;
  readonly submission: readonly string[];
  readonly to: string;
  readonly match: readonly string[];
  /** Whether the job was cancelled, as far as that is known: in `post` alone. */
  readonly isJobCancelled: boolean;
}

type InputHost = Pick<Host, "readInput" | "addMask">;

/** Reads every input once; throws INPUT_MISSING or INPUT_INVALID with the input's name. */
export function readInputs(host: InputHost): Inputs {
  const optional = (name: string): string | undefined => host.readInput(name) || undefined;
  return {
    command: parseChoice("command", host.readInput("command") || "submit", COMMANDS),
    lab: host.readInput("lab") || ".",
    runs: parseWords(host.readInput("runs")),
    target: optional("target"),
    config: host.readInput("config") || ".repx/config.toml",
    resources: optional("resources"),
    ...readSecrets(host),
    coordinator: parseCoordinator(host.readInput("coordinator")),
    wait: parseBoolean("wait", host.readInput("wait") || "false"),
    onCancel: parseChoice("on-cancel", host.readInput("on-cancel") || "cancel", ORPHANS),
    policy: readPolicy(host),
    advisory: parseWords(host.readInput("advisory")),
    ...readCommitInputs(host),
    submission: readSubmissions(host),
    to: host.readInput("to") || "results",
    match: parseWords(host.readInput("match")),
    isJobCancelled: host.readInput("job-status") === "cancelled",
  };
}

/** A runner masks whole values; a key of several lines is masked line by line too, as logs print lines. */
function readSecrets(host: InputHost): Pick<Inputs, "sshKey" | "sshKeyPassphrase" | "knownHosts" | "token"> {
  const optional = (name: string): string | undefined => host.readInput(name) || undefined;
  const [sshKey, sshKeyPassphrase, token] = [optional("ssh-key"), optional("ssh-key-passphrase"), optional("token")];
  for (const line of sshKey === undefined ? [] : [sshKey, ...sshKey.split("\n")]) {
    if (line.trim().length >= 8) host.addMask(line.trim());
  }
  for (const secret of [sshKeyPassphrase, token]) if (secret !== undefined) host.addMask(secret);
  return { sshKey, sshKeyPassphrase, token, knownHosts: optional("known-hosts") };
}

const ORPHANS = ["cancel", "keep"] as const satisfies readonly OrphanPolicy[];
const COMMENTS = [
  "always",
  "on-change",
  "on-failure",
  "never",
] as const satisfies readonly SubmissionPolicy["comment"][];
const QueueHours = z.coerce.number().pipe(SubmissionPolicy.shape.maxQueueHours.unwrap());
const PullRequestNumber = z
  .string()
  .regex(/^[0-9]{1,9}$/)
  .transform(Number)
  .pipe(z.int().positive());

function readPolicy(host: InputHost): SubmissionPolicy {
  const maxQueueHours = parseOptional("max-queue-hours", host.readInput("max-queue-hours"), {
    schema: QueueHours,
    what: "hours, such as 48",
  });
  return {
    comment: parseChoice("comment", host.readInput("comment") || "on-change", COMMENTS),
    onSupersede: parseChoice("on-supersede", host.readInput("on-supersede") || "keep", ORPHANS),
    onClose: parseChoice("on-close", host.readInput("on-close") || "keep", ORPHANS),
    publish: parseBoolean("publish", host.readInput("publish") || "false"),
    ...(maxQueueHours === undefined ? {} : { maxQueueHours }),
  };
}

function readCommitInputs(host: InputHost): Pick<Inputs, "headSha" | "pullRequest"> {
  return {
    headSha: parseOptional("head-sha", host.readInput("head-sha"), {
      schema: CommitSha,
      what: "a commit's 40 hexadecimal digits",
    }),
    pullRequest: parseOptional("pull-request", host.readInput("pull-request"), {
      schema: PullRequestNumber,
      what: "a pull request's number",
    }),
  };
}

function readSubmissions(host: InputHost): string[] {
  const words = parseWords(host.readInput("submission"));
  const odd = words.find((word) => !/^s[0-9a-z]{0,25}$/.test(word));
  if (odd === undefined) return words;
  throw new RepxError("INPUT_INVALID", `the input \`submission\` has ${JSON.stringify(odd)}, which is no id`, {
    hint: "An id is `s` and 25 letters and digits; its beginning will do where it is clear.",
  });
}

function parseCoordinator(text: string): string | undefined {
  return text === "" ? undefined : parseCoordinatorOrigin(text, "the input `coordinator`");
}
