import * as z from "zod";

/** A job's id: 32 characters of Nix base32, the stage's name and version. Also its folder's name on the target. */
export const JobId = z
  .string()
  .max(200)
  .regex(
    /^[0-9a-df-np-sv-z]{32}-[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/,
    "not a job id (<32 characters of Nix base32>-<stage>-<version>)",
  )
  .brand<"JobId">();
export type JobId = z.infer<typeof JobId>;

/** A run's name: the experiment, as a pull request's reader sees it. */
export const RunName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, "not a run name (letters, digits, '.', '_', '-'; at most 100)")
  .brand<"RunName">();
export type RunName = z.infer<typeof RunName>;

/** What identifies a Lab: the hash part of its store path. */
export const LabHash = z
  .string()
  .regex(/^[0-9a-z]{8,64}$/, "not a Lab hash (8 to 64 lower-case letters and digits)")
  .brand<"LabHash">();
export type LabHash = z.infer<typeof LabHash>;

/** A submission's id, given by the coordinator: `s` and 25 lower-case letters and digits. */
export const SubmissionId = z
  .string()
  .regex(/^s[0-9a-z]{25}$/, "not a submission id")
  .brand<"SubmissionId">();
export type SubmissionId = z.infer<typeof SubmissionId>;

/** An event's id, given on the target; the same event has the same id however often it is delivered. */
export const EventId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/, "not an event id")
  .brand<"EventId">();
export type EventId = z.infer<typeof EventId>;

/** The full hash of a Git commit. */
export const CommitSha = z
  .string()
  .regex(/^[0-9a-f]{40}$/, "not a commit hash (40 hexadecimal digits)")
  .brand<"CommitSha">();
export type CommitSha = z.infer<typeof CommitSha>;
