import { resolve } from "node:path";
import type { Pushed, SyncPlan, SyncSource } from "@repx/core/sync";
import { renderBytes } from "@repx/core/model";
import { LAB_FLAGS, type Command, type CommandCall } from "../command.ts";
import { count, renderNumber } from "../count.ts";
import { explainMissing, noteWarnings } from "../open-lab.ts";
import { openTemporaryFolder } from "../temporary-folder.ts";
import { CONNECT_FLAGS, describeTarget, findTarget, openTarget, type OpenedTarget } from "../open-target.ts";
import { openTransferLine, renderDuration } from "../transfer-line.ts";

/** Sends a Lab to a target. */
export const SYNC: Command = {
  name: "sync",
  summary: "send what a target lacks of a Lab, and submit nothing",
  description:
    "Store paths, host tools, image layers, programs and job folders that the target has already stay as they are; of a " +
    "changed store path only the changed files travel. Nothing is in place before all has arrived, and a sync that was " +
    "interrupted goes on where it was when it is run again.",
  operands: [
    {
      name: "RUN",
      summary: "a run or a @group, with what it needs; all runs when not given",
      isOptional: true,
      isRepeatable: true,
      kind: "run",
    },
  ],
  flags: {
    ...LAB_FLAGS,
    ...CONNECT_FLAGS,
    "dry-run": { short: "n", summary: "say what would be sent, and send nothing" },
  },
  examples: [
    "repx sync",
    "repx sync simulation @plots --target cluster",
    "repx sync --lab lab.tar.zst --target /scratch/me/repx --dry-run",
  ],
  run: runSync,
};

async function runSync(call: CommandCall): Promise<number> {
  const { openSyncSource, planLabSync } = await import("@repx/core/sync");
  const { nameProject } = await import("@repx/core/gc");
  const given = call.text("lab");
  const isDryRun = call.isSet("dry-run");
  // A mistyped name need not wait for the Lab to be read.
  const found = await findTarget(call);
  call.screen.showBar("reading the Lab");
  await using temporary = await openTemporaryFolder(call.environment);
  await using source = await openSyncSource({
    path: resolve(call.cwd, given ?? LAB_FLAGS.lab.fallback),
    runs: call.operands,
    temporaryFolder: temporary.path,
  }).catch((error: unknown) => {
    throw explainMissing(given, error);
  });
  noteWarnings(call.screen, source);
  await using opened = await openTarget(call, found);
  call.screen.showBar("asking what the target has");
  const plan = await planLabSync(opened.transport, source, {
    basePath: opened.target.basePath,
    project: nameProject(call.environment, call.cwd),
    isDryRun,
  });
  call.screen.showBar("");
  const work = { call, source, opened, plan };
  // Awaited, or the Lab and the connection would be gone before their time.
  return await (isDryRun ? tellPlan(work) : send(work));
}

interface SyncWork {
  readonly call: CommandCall;
  readonly source: SyncSource;
  readonly opened: OpenedTarget;
  readonly plan: SyncPlan;
}

async function tellPlan(work: SyncWork): Promise<number> {
  const { call, source, plan } = work;
  const { measureSync } = await import("@repx/core/sync");
  const { bytes, files } = await measureSync(source, plan);
  if (call.isSet("json")) {
    call.screen.printJson({ ...describe(work), dryRun: true, wouldSend: { bytes, files } });
    return 0;
  }
  const what = `${count(files, "file")}, ${renderBytes(bytes)}`;
  printLines(work, plan.items.length === 0 ? "nothing to send" : `would send ${what} to ${nameTarget(work)}`);
  return 0;
}

async function send(work: SyncWork): Promise<number> {
  const { call, source, opened, plan } = work;
  const { sendLab } = await import("@repx/core/sync");
  const line = openTransferLine(call.screen);
  const startedMs = performance.now();
  let pushed: Pushed;
  try {
    pushed = await sendLab(opened.transport, source, plan, (progress) => line.show(progress));
  } finally {
    line.close();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  if (call.isSet("json")) {
    call.screen.printJson({ ...describe(work), dryRun: false, sent: { ...pushed, seconds } });
    return 0;
  }
  printLines(work, plan.items.length === 0 ? "nothing to send" : `sent to ${nameTarget(work)}`);
  if (plan.items.length > 0) for (const text of tellPushed(pushed, seconds)) call.screen.print(`  ${text}`);
  return 0;
}

function describe({ source, opened, plan }: SyncWork): Record<string, unknown> {
  return {
    lab: source.opened.lab.hash,
    runs: source.runs,
    target: describeTarget(opened, opened.transport),
    parts: plan.counts,
  };
}

function printLines({ call, source, plan }: SyncWork, title: string): void {
  const { screen } = call;
  screen.print(`${screen.paint("bold", `Lab ${source.opened.lab.hash.slice(0, 8)}`)}: ${title}`);
  const width = Math.max(...plan.counts.map(({ kind }) => kind.length));
  for (const { kind, total, missing } of plan.counts) {
    const there = total - missing;
    const parts = [
      ...(missing === 0 ? [] : [`${renderNumber(missing)} ${call.isSet("dry-run") ? "to send" : "sent"}`]),
      ...(there === 0 ? [] : [`${renderNumber(there)} there already`]),
    ];
    screen.print(`  ${kind.padEnd(width)}  ${parts.join(", ")}`);
  }
}

function tellPushed({ bytes, files, sentBytes, linkedFiles, resumedBytes }: Pushed, seconds: number): string[] {
  const rate = renderBytes(bytes / Math.max(0.001, seconds));
  const took = seconds < 10 ? `${seconds.toFixed(1)} s` : renderDuration(seconds);
  return [
    `${count(files, "file")}, ${renderBytes(bytes)} in ${took} (${rate}/s); ${renderBytes(sentBytes)} on the way`,
    ...(linkedFiles === 0 ? [] : [`${count(linkedFiles, "file")} linked to what the target had already`]),
    ...(resumedBytes === 0 ? [] : [`${renderBytes(resumedBytes)} had arrived before`]),
  ];
}

function nameTarget({ opened }: SyncWork): string {
  const { target, transport } = opened;
  return target.address === undefined ? target.basePath : `${target.name} (${transport.description})`;
}
