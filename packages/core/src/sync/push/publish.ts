// The last command of a push: everything is put into place by renames.
import { hash } from "node:crypto";
import { promisify } from "node:util";
import { zstdCompress } from "node:zlib";
import { renderClosing } from "../pack/render-closing.ts";
import { FIND_MISSING_SCRIPT } from "../find-missing.ts";
import type { PushGroup } from "./group-items.ts";
import { cutPieces } from "./parcel-stream.ts";
import { insist, persist } from "./persist.ts";
import type { PushPlan } from "./plan-push.ts";
import { PUBLISH } from "./publish-script.ts";
import { isLoss, type Reply, type TargetCommands } from "./target-commands.ts";

/** What is published. */
export interface Publication {
  readonly plan: PushPlan;
  readonly staging: string;
  readonly indexes: ReadonlyMap<string, string>;
  /** Is told of bytes that go to the target. */
  readonly onSent: (bytes: number) => void;
}

const compress = promisify(zstdCompress);
/** A file system's time for a rename or a folder, in bytes that are sent meanwhile. */
const ENTRY_COST = 4096;

/** Publishes; `gone` when the staging folder is no longer this push's, or lacks something. */
export async function publish(
  commands: TargetCommands,
  { plan, staging, indexes, onSent }: Publication,
): Promise<Reply> {
  const closing = renderClosing(plan.closing, indexes, `.staging/${staging}`);
  const isPacked = plan.encoding === "zstd";
  const bytes = isPacked ? await compress(closing) : closing;
  const words = [
    hash("sha256", bytes),
    commands.chooseHashProgram(bytes.length),
    isPacked ? "zstd" : "none",
    // Nothing but folders: no parcel was sent that could have made it.
    plan.parcels.length === 0 ? "make" : "-",
  ];
  const cost = bytes.length + (plan.closing.length + plan.files) * ENTRY_COST;
  const { limit } = commands;
  const state = { wasLost: false };
  const reply = await persist(async () => {
    const stdin = streamPublication(renderPlan(plan), bytes, onSent);
    // One that is lost goes on by itself; the next one waits for it as long as the push may last.
    const time = { bytes: state.wasLost ? Infinity : cost };
    const wait = String(Math.floor(limit.secondsFor(Infinity)));
    try {
      return (await commands.run({ script: PUBLISH, staging, words: [...words, wait], stdin, ...time })).reply;
    } catch (error) {
      state.wasLost ||= isLoss(error);
      throw error;
    }
  }, insist(limit));
  // The one whose connection was lost may have come to its end all the same.
  if (reply !== "gone" || !state.wasLost) return reply;
  return (await persist(async () => isAllThere(commands, staging, plan), insist(limit))) ? "done" : "gone";
}

async function* streamPublication(
  plan: string,
  closing: Uint8Array,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(plan);
  yield* cutPieces(closing, onSent);
}

function renderPlan({ parcels, groups }: PushPlan): string {
  return [
    ...parcels.map(({ id }) => `i ${id}`),
    ...groups.map(
      ({ number, rules, topMode, folder, name }) => `g ${number} ${rules} ${topMode} ${folder} ${name ?? "-"}`,
    ),
    "end",
    "",
  ].join("\n");
}

/** What was replaced is there before and after, and tells nothing. */
async function isAllThere(commands: TargetCommands, staging: string, { groups }: PushPlan): Promise<boolean> {
  if (groups.some(({ rules }) => rules === "r")) return false;
  const stdin = groups.flatMap(listDestinations).join("");
  const { stdout } = await commands.run({ script: FIND_MISSING_SCRIPT, staging, stdin });
  return stdout.trim() === "";
}

function listDestinations({ trees }: PushGroup): string[] {
  return trees.map(({ item }) => `${item.destination}\n`);
}
