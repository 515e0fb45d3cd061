/** A file or folder here and its place on the target. */
export interface PushItem {
  /** Absolute. */
  readonly source: string;
  /** Relative to the base path: `artifacts/store/<name>`, `artifacts/jobs/<id>`, `submissions/<id>`. */
  readonly destination: string;
  /** Only these paths inside the source, which is a folder. */
  readonly only?: readonly string[];
  /**
   * What is to happen with something that is there already: it stays (the default, for what is named by its content),
   * or it is replaced as a whole, files that did not change being shared with it.
   */
  readonly replaces?: boolean;
}
