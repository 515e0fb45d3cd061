// What a Lab looks like, before any format: boxes inside frames, and arrows between them. Labels are plain text, short
// and on one line; every renderer escapes them for its own format.

/** What is drawn of a Lab. */
export interface Picture {
  readonly title: string;
  /** What the picture holds, in one sentence: its runs, stages and jobs. */
  readonly summary: string;
  /** The most nodes on one path of arrows. */
  readonly depth: number;
  /** Each after the one that it lies in. */
  readonly clusters: readonly PictureCluster[];
  readonly nodes: readonly PictureNode[];
  readonly edges: readonly PictureEdge[];
}

/** A frame around nodes and other frames. */
export interface PictureCluster extends PictureText {
  readonly kind: "group" | "run" | "scatter-gather";
}

/** A box; `whole-run` stands for all stages of a run, `absent` for one that was not asked for. */
export interface PictureNode extends PictureText {
  readonly kind: "stage" | "job" | "scatter" | "step" | "gather" | "whole-run" | "absent";
}

/** What clusters and nodes have. */
export interface PictureText {
  /** Letters and digits; no two clusters or nodes have the same. */
  readonly id: string;
  readonly title: string;
  /** Smaller lines below the title. */
  readonly lines: readonly string[];
  /** All that is known, one fact a line, for a tooltip. */
  readonly about: readonly string[];
  /** The id of the cluster around it. */
  readonly cluster?: string;
}

/** An arrow from what is made to what needs it; its ends are nodes or whole clusters. */
export interface PictureEdge {
  readonly from: string;
  readonly to: string;
  /** `data`: a file of a job; `hard`: all of a run, with success; `soft`: all of a run, ended in any way. */
  readonly kind: "data" | "hard" | "soft";
  readonly lines: readonly string[];
}

/** What to draw of a Lab, and how much of it. */
export interface PictureOptions {
  /** A node for each run, stage or job. */
  readonly detail: "runs" | "stages" | "jobs";
  readonly hasGroups: boolean;
  /** `few`: those that vary, in short; `all`: every one with its values. */
  readonly parameters: "none" | "few" | "all";
  readonly hasIntraEdges: boolean;
  readonly hasInterEdges: boolean;
}
