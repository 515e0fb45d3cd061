// A person's terminal at the other end of a channel: what is typed goes there key by key, and the window's size with it.
import type { ClientChannel, PseudoTtyOptions } from "ssh2";
import type { Terminal } from "../command/run-request.ts";

/** What sshd is asked for (RFC 4254 section 6.2). */
export function describeTerminal({ output, type }: Terminal): PseudoTtyOptions {
  return { term: type, ...measure(output) };
}

/** A terminal may not know how large it is; srun then takes none of its sizes. */
function measure({ columns, rows }: Terminal["output"]): { readonly cols: number; readonly rows: number } {
  return { cols: columns || 80, rows: rows || 24 };
}

/** Sends what is typed, until it is disposed of. */
export function attachTerminal(channel: ClientChannel, { input, output }: Terminal): Disposable {
  const type = (keys: Buffer): void => void channel.write(keys);
  const resize = (): void => {
    const { cols, rows } = measure(output);
    channel.setWindow(rows, cols, 0, 0);
  };
  input.setRawMode(true);
  input.on("data", type);
  input.resume();
  output.on("resize", resize);
  return {
    [Symbol.dispose]() {
      input.off("data", type);
      output.off("resize", resize);
      input.setRawMode(false);
      input.pause();
    },
  };
}
