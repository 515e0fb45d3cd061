// Pins: roots with a name, which count until somebody takes them away.
import { randomUUID } from "node:crypto";
import { RepxError } from "../model/errors.ts";
import type { LabHash } from "../model/ids.ts";
import { runChecked, type Transport } from "../target/transport/transport.ts";
import { readRoots } from "./collect-garbage.ts";
import type { GcRoot } from "./gc-report.ts";

const NAME = /^[0-9A-Za-z][0-9A-Za-z._+-]{0,99}$/;

/**
 * Joins all roots of the Lab to one, which is in place whole or not at all. Words: base path, Lab, name, a name of this
 * command's own. A Lab whose roots went meanwhile is no failure of the command's: it prints `gone`.
 */
const PIN = String.raw`
set -u
LC_ALL=C
export LC_ALL
umask 022
cd -- "$1" && mkdir -p gcroots/pinned || exit 1
first=artifacts/labs/$2 draft=gcroots/pinned/.$4
for path in gcroots/auto/*/*_"$2" gcroots/pinned/*; do
  [ -f "$path" ] && [ "$(head -n 1 "$path")" = "$first" ] && cat "$path"
done | sort -u >"$draft.all" && [ -s "$draft.all" ] || { rm -f "$draft.all"; echo gone; exit 0; }
{ echo "$first" && sed -e "\|^$first\$|d" -e '/^end$/d' "$draft.all" && echo end; } >"$draft" && mv -f "$draft" "gcroots/pinned/$3"
code=$?
rm -f "$draft.all" "$draft"
exit "$code"
`;

const UNPIN = 'cd -- "$1" && rm -f -- "gcroots/pinned/$2"';

/** A pin that was made or taken away. */
export interface Pin {
  readonly name: string;
  readonly lab: LabHash;
}

/**
 * Keeps a Lab of a target until it is unpinned, under this name or its hash. `lab` may be the beginning of a hash;
 * GC_ROOT_UNKNOWN where the target has no root of it, INPUT_INVALID where the name is another Lab's.
 */
export async function pinLab(
  transport: Transport,
  basePath: string,
  wish: { readonly lab: string; readonly name?: string },
): Promise<Pin> {
  const { roots } = await readRoots(transport, basePath);
  const lab = findLab(roots, wish.lab);
  const name = wish.name ?? lab;
  if (!NAME.test(name)) {
    throw new RepxError("INPUT_INVALID", `${JSON.stringify(name)} cannot be the name of a pin`, {
      hint: "Use up to 100 letters, digits, '.', '_', '+' and '-', a letter or digit first.",
    });
  }
  const taken = roots.find((root) => root.kind === "pinned" && root.name === name && root.lab !== lab);
  if (taken !== undefined) {
    throw new RepxError("INPUT_INVALID", `the pin ${name} keeps Lab ${taken.lab} already`, {
      hint: `Choose another name with --name, or take it away first: \`repx gc unpin ${name}\`.`,
    });
  }
  const { stdout } = await runChecked(transport, {
    argv: ["sh", "-c", PIN, "pin", basePath, lab, name, randomUUID()],
  });
  if (stdout.trim() === "gone") throw refuseUnknown(lab, roots);
  return { name, lab };
}

/** Takes a pin away, named in full or by a beginning that no other has; GC_ROOT_UNKNOWN where there is none. */
export async function unpinLab(transport: Transport, basePath: string, wanted: string): Promise<Pin> {
  const pins = (await readRoots(transport, basePath)).roots.filter(({ kind }) => kind === "pinned");
  const fitting = pins.filter(({ name }) => name.startsWith(wanted));
  const pin = pins.find(({ name }) => name === wanted) ?? (fitting.length === 1 ? fitting[0] : undefined);
  if (pin === undefined) {
    const why = fitting.length === 0 ? `no pin is called ${wanted}` : `several pins begin with ${wanted}`;
    const names = (fitting.length === 0 ? pins : fitting).map(({ name }) => name);
    throw new RepxError("GC_ROOT_UNKNOWN", why, {
      hint: names.length === 0 ? "There are no pins on this target." : `Pins are: ${names.slice(0, 20).join(", ")}.`,
    });
  }
  await runChecked(transport, { argv: ["sh", "-c", UNPIN, "unpin", basePath, pin.name] });
  return { name: pin.name, lab: pin.lab };
}

/** Finds the Lab whose hash begins so among those that have roots. */
export function findLab(roots: readonly GcRoot[], beginning: string): LabHash {
  const labs = [...new Set(roots.map(({ lab }) => lab))].filter((lab) => lab.startsWith(beginning));
  const lab = labs.find((one) => one === beginning) ?? (labs.length === 1 ? labs[0] : undefined);
  if (lab !== undefined) return lab;
  throw refuseUnknown(beginning, labs.length === 0 ? roots : roots.filter((root) => labs.includes(root.lab)));
}

function refuseUnknown(wanted: string, roots: readonly GcRoot[]): RepxError {
  const labs = [...new Set(roots.map(({ lab }) => lab))].slice(0, 20);
  const isAmbiguous = labs.filter((lab) => lab.startsWith(wanted)).length > 1;
  const what = isAmbiguous ? `several Labs begin with ${wanted}` : `no root of Lab ${wanted} is on this target`;
  return new RepxError("GC_ROOT_UNKNOWN", what, {
    hint: `${labs.length === 0 ? "No Lab has a root there" : `Labs with roots are: ${labs.join(", ")}`}. Submit it, or send it with \`repx sync\`.`,
  });
}
