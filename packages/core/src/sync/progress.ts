/** How far a transfer is; `totalBytes` may grow while the files are still being counted. */
export interface TransferProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}
