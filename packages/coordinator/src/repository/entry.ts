import type { CommitSha, LabHash, OrphanPolicy, RunName, SubmissionId } from "@repx/core/model";

/** A submission as its repository's index keeps it: enough for a list, and to know whom a push or a closed pull request concerns. */
export interface SubmissionEntry {
  readonly id: SubmissionId;
  readonly pullRequest: number | null;
  readonly headSha: CommitSha;
  readonly lab: LabHash;
  readonly target: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly isConcluded: boolean;
  readonly onSupersede: OrphanPolicy;
  readonly onClose: OrphanPolicy;
  readonly runs: readonly { readonly name: RunName; readonly verdict: string; readonly title: string }[];
}
