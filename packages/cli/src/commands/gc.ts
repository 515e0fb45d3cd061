import { RepxError } from "@repx/core/model";
import { LAB_FLAGS, type Command, type CommandCall } from "../command.ts";
import { collect } from "../gc/collect.ts";
import { listRoots } from "../gc/list-roots.ts";
import { pin, unpin } from "../gc/pins.ts";
import { showStatus } from "../gc/status.ts";
import { CONNECT_FLAGS } from "../open-target.ts";

/** What can be done, with the flags that each has a use for. */
const ACTIONS = {
  collect: { flags: ["dry-run", "yes", "pinned-only"], run: collect },
  list: { flags: [], run: listRoots },
  status: { flags: ["lab"], run: showStatus },
  pin: { flags: ["lab", "name"], run: pin },
  unpin: { flags: [], run: unpin },
} as const satisfies Readonly<
  Record<string, { flags: readonly string[]; run: (call: CommandCall, name: string | undefined) => Promise<number> }>
>;
type Action = keyof typeof ACTIONS;

/** Removes from a target what no root keeps, and looks after the roots. */
export const GC: Command = {
  name: "gc",
  summary: "remove from a target what no Lab needs any more",
  description:
    "Each submission and each sync registers its Lab as a root of its project. The five newest Labs of a project are kept, " +
    "pinned ones until they are unpinned, and what a submission needs that is not over. `list` shows the roots, `status` " +
    "whether a Lab is kept (exit status 1 when it is not), `pin` keeps one, `unpin` takes a pin away.",
  operands: [
    {
      name: "WHAT",
      summary: "what to do instead of collecting",
      isOptional: true,
      choices: ["list", "status", "pin", "unpin"],
    },
    {
      name: "NAME",
      summary: "for status and pin the beginning of a Lab's hash, else that of --lab; for unpin that of a pin's name",
      isOptional: true,
    },
  ],
  flags: {
    ...CONNECT_FLAGS,
    ...LAB_FLAGS,
    "dry-run": { short: "n", summary: "say what would go, and change nothing" },
    yes: { short: "y", summary: "do not ask; needed where nobody can be asked" },
    "pinned-only": { summary: "let the newest Labs of the projects go as well, only pins count" },
    name: { value: "NAME", summary: "what the pin is called", fallback: "the Lab's hash" },
  },
  examples: [
    "repx gc --dry-run",
    "repx gc --target cluster --yes",
    "repx gc pin --name paper-2026",
    "repx gc unpin paper-2026",
    "repx gc list --json",
  ],
  run: runGc,
};

async function runGc(call: CommandCall): Promise<number> {
  const [what = "collect", name] = call.operands;
  const action: Action = isAction(what) ? what : "collect";
  refuseIdleWords(call, action, name);
  return ACTIONS[action].run(call, name);
}

function isAction(word: string): word is Action {
  return Object.hasOwn(ACTIONS, word);
}

/** A word that changes nothing would leave its writer in a false belief. */
function refuseIdleWords(call: CommandCall, action: Action, name: string | undefined): void {
  const command = action === "collect" ? "repx gc" : `repx gc ${action}`;
  const used: readonly string[] = ACTIONS[action].flags;
  const idle = Object.values(ACTIONS)
    .flatMap(({ flags }): readonly string[] => flags)
    .find((flag) => call.isSet(flag) && !used.includes(flag));
  if (idle !== undefined) {
    throw new RepxError("INPUT_INVALID", `\`${command}\` has no use for --${idle}`, {
      hint: "`repx gc --help` says which flag is for what.",
    });
  }
  if (name === undefined || action !== "list") return;
  throw new RepxError("INPUT_INVALID", `\`${command}\` has no use for ${JSON.stringify(name)}`, {
    hint: `\`repx gc status ${name}\` looks for one Lab.`,
  });
}
