import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import * as z from "zod";

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const manifestSchema = z.looseObject({
  name: z.string(),
  inputs: z
    .record(z.string(), z.looseObject({ default: text.optional(), required: z.boolean().optional() }))
    .nullish()
    .transform((inputs) => inputs ?? {}),
  runs: z.looseObject({
    using: z.literal("node24"),
    main: z.string(),
    post: z.string().optional(),
    "post-if": z.string().optional(),
  }),
});

export interface ActionManifest {
  readonly folder: string;
  readonly main: string;
  readonly post?: string;
  /** Inputs with a default; `${{ github.… }}` and `${{ job.status }}` are not evaluated yet. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly inputNames: ReadonlySet<string>;
}

/** Reads an action.yml (or the folder that holds one) as the runner does; an action that is not `node24` is refused. */
export async function readActionManifest(path: string): Promise<ActionManifest> {
  const file = /\.ya?ml$/.test(path) ? resolve(path) : join(resolve(path), "action.yml");
  const { inputs, runs } = manifestSchema.parse(parse(await readFile(file, "utf8")));
  const folder = dirname(file);
  const defaults = Object.entries(inputs).flatMap(([name, input]) =>
    input.default === undefined ? [] : [[name, input.default] as const],
  );
  return {
    folder,
    main: join(folder, runs.main),
    ...(runs.post !== undefined && { post: join(folder, runs.post) }),
    defaults: Object.fromEntries(defaults),
    inputNames: new Set(Object.keys(inputs)),
  };
}

/** The environment that the runner makes of inputs: given ones over defaults, INPUT_ and the name in capitals, blanks as _. */
export function renderInputs(
  manifest: ActionManifest,
  inputs: Readonly<Record<string, string>>,
  github: Readonly<Record<string, string>>,
  jobStatus = "success",
): Record<string, string> {
  const all = { ...manifest.defaults, ...inputs };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [
      `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
      value
        .replaceAll(/\$\{\{\s*job\.status\s*\}\}/g, jobStatus)
        .replace(/\$\{\{\s*github\.([a-z_]+)\s*\}\}/g, (_, field: string) => {
          const known = github[field];
          if (known === undefined)
            throw new Error(`the default of ${name} asks for github.${field}, which the harness does not know`);
          return known;
        }),
    ]),
  );
}
