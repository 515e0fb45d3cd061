/** What a target said of itself: room, tools, and what earlier pushes left there. */
export interface TargetFacts {
  /** Infinity where it cannot tell. */
  readonly freeBytes: number;
  /** Inodes; Infinity where it cannot tell (btrfs and Lustre say 0 of 0). */
  readonly freeFiles: number;
  /** What the user's quota leaves; Infinity where there is none or it cannot tell. */
  readonly quotaBytes: number;
  /** In the order of preference. */
  readonly decoders: readonly ("zstd" | "gzip")[];
  readonly hasOpenssl: boolean;
  /** Whether hard links between two folders under `artifacts` work. */
  readonly canLink: boolean;
  /** Names in `artifacts/.staging`. */
  readonly leftovers: readonly string[];
  /**
   * The index' text by its name: for every missing store name the newest index whose name after the 32-character hash
   * is the same, and every one that was asked for.
   */
  readonly indexes: ReadonlyMap<string, string>;
  /** Folders of deployed host tools for the front of PATH, `:` between them; empty when there are none. */
  readonly toolPath: string;
}
