import * as z from "zod";
import { JobId } from "../model/ids.ts";

const Program = z.object({ path: z.string().max(1000), sha256: z.string().max(64).optional() });

/** What a job is made from, as its record has it. Whatever makes its id another one is here, or in what it depends on. */
export const JobIdentity = z.object({
  id: JobId,
  /** `<stage>-<version>`. */
  stage: z.string().max(200).optional(),
  /** Those that its stage declares. */
  parameters: z.record(z.string(), z.json()),
  dependsOn: z.array(JobId),
  executable: Program,
  /** All programs of a scatter-gather job. */
  executables: z.array(Program).optional(),
});
export type JobIdentity = z.infer<typeof JobIdentity>;

/** Names a job's stage without its version: its program's file is named after it. */
export function nameStage({ executable, executables }: JobIdentity): string {
  const file = executable.path.split("/").at(-1) ?? "";
  return executables === undefined ? file : file.replace(/-scatter$/, "");
}

/** Names the code of a job: equal texts are equal programs. Undefined where a hash is missing. */
export function nameCode({ executable, executables }: JobIdentity): string | undefined {
  const programs = executables ?? [executable];
  if (programs.some(({ sha256 }) => sha256 === undefined)) return undefined;
  return programs
    .map(({ path, sha256 }) => `${path.split("/").at(-1)} ${sha256}`)
    .toSorted()
    .join("\n");
}

/** Renders a parameter's value so that equal values are equal texts, whatever the order of their keys. */
export function renderCanonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}

/** Names the parameters that two jobs do not have alike, by name. */
export function listDifferences(left: JobIdentity["parameters"], right: JobIdentity["parameters"]): string[] {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names]
    .filter((name) => renderValueOf(left, name) !== renderValueOf(right, name))
    .toSorted((one, other) => (one < other ? -1 : 1));
}

function renderValueOf(parameters: JobIdentity["parameters"], name: string): string | undefined {
  return Object.hasOwn(parameters, name) ? renderCanonical(parameters[name]) : undefined;
}
