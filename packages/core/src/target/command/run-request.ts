import type { ReadStream, WriteStream } from "node:tty";

/** What a command left, however it ended. */
export interface Output {
  /** 128 plus the signal's number for a command that a signal ended; 127 for one that does not exist. */
  readonly exitCode: number;
  /** Name of the signal, `SIGKILL`, where the transport can tell. */
  readonly signal?: string;
  readonly stdout: string;
  /** The last part of it when there was very much. */
  readonly stderr: string;
  readonly durationMs: number;
}

/** A command and what it reads. */
export interface RunRequest {
  readonly argv: readonly string[];
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /**
   * Takes stdout as it comes, at its own pace: no more is read until its promise settles. `Output.stdout` is then empty.
   * What it throws ends the command and rejects the run.
   */
  readonly onStdout?: (chunk: Uint8Array) => void | Promise<void>;
  /** The command has this terminal instead of `stdin` and `onStdout`; of what it prints the Output has nothing. */
  readonly terminal?: Terminal;
  /** 60 when not given. */
  readonly deadlineSeconds?: number;
}

/** Where a person sits. */
export interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** What it is (terminfo(5)): `xterm-256color`. */
  readonly type: string;
}

/** The open way to a target; commands run side by side. */
export interface Transport extends AsyncDisposable {
  /** Where commands run, for messages: `user@host:22` or `this machine`. */
  readonly description: string;
  run(request: RunRequest): Promise<Output>;
}

/** Seconds that a command may take when its request does not say. */
export const DEFAULT_DEADLINE_SECONDS = 60;
