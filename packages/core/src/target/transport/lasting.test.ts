import { expect, test } from "vitest";
import { RepxError, type Code } from "../../model/errors.ts";
import { openLasting } from "./lasting.ts";
import type { Transport } from "./transport.ts";

interface Script {
  /** What each opening does: a code to fail with, or undefined to open. */
  readonly openings: readonly (Code | undefined)[];
}

/** A way that fails as it is told; `break` loses every open connection. */
function startFake({ openings }: Script) {
  const state = { opened: 0, closed: 0, asked: 0, isBroken: new Set<number>() };
  const open = async (): Promise<Transport> => {
    const code = openings[state.asked++];
    if (code !== undefined) throw new RepxError(code, "told to", { hint: "none" });
    const number = ++state.opened;
    return {
      description: "fake",
      run: async ({ argv }) => {
        if (argv[0] === "wait") await new Promise((resolve) => setTimeout(resolve, 50));
        if (argv[0] === "lose" || state.isBroken.has(number)) {
          throw new RepxError("SSH_CONNECTION_LOST", "gone", { hint: "none" });
        }
        if (argv[0] === "late") throw new RepxError("SSH_TIMEOUT", "late", { hint: "none" });
        return { exitCode: 0, stdout: String(number), stderr: "", durationMs: 1 };
      },
      [Symbol.asyncDispose]: async () => void state.closed++,
    };
  };
  return { state, open };
}

const QUICK = { pauseSeconds: 0.001 };

test("opens anew for the run after the one that was lost, and closes the old connection", async () => {
  const { state, open } = startFake({ openings: [] });
  await using transport = await openLasting(open, QUICK);
  expect((await transport.run({ argv: ["a"] })).stdout).toBe("1");
  await expect(transport.run({ argv: ["lose"] })).rejects.toMatchObject({ code: "SSH_CONNECTION_LOST" });
  expect(state).toMatchObject({ opened: 1, closed: 1 });
  expect((await transport.run({ argv: ["a"] })).stdout).toBe("2");
});

test("opens once for all that run after a loss", async () => {
  const { state, open } = startFake({ openings: [] });
  await using transport = await openLasting(open, QUICK);
  await transport.run({ argv: ["lose"] }).catch(() => {});
  const outputs = await Promise.all(["a", "b", "c"].map(async (word) => transport.run({ argv: [word] })));
  expect(outputs.map((output) => output.stdout)).toEqual(["2", "2", "2"]);
  expect(state.opened).toBe(2);
});

test("leaves the old connection to those who still run on it", async () => {
  const { state, open } = startFake({ openings: [] });
  await using transport = await openLasting(open, QUICK);
  const waiting = transport.run({ argv: ["wait"] });
  await transport.run({ argv: ["lose"] }).catch(() => {});
  expect(state.closed).toBe(0);
  expect((await transport.run({ argv: ["a"] })).stdout).toBe("2");
  expect((await waiting).stdout).toBe("1");
  expect(state.closed).toBe(1);
});

test("keeps the connection after any other error", async () => {
  const { state, open } = startFake({ openings: [] });
  await using transport = await openLasting(open, QUICK);
  await expect(transport.run({ argv: ["late"] })).rejects.toMatchObject({ code: "SSH_TIMEOUT" });
  expect((await transport.run({ argv: ["a"] })).stdout).toBe("1");
  expect(state.opened).toBe(1);
});

test("tries again what may pass, as often as it is told", async () => {
  const twice = startFake({ openings: [undefined, "SSH_UNREACHABLE", "SSH_TIMEOUT"] });
  await using transport = await openLasting(twice.open, { ...QUICK, attempts: 3 });
  await transport.run({ argv: ["lose"] }).catch(() => {});
  expect((await transport.run({ argv: ["a"] })).stdout).toBe("2");
  const thrice = startFake({ openings: [undefined, "SSH_UNREACHABLE", "SSH_TIMEOUT", "SSH_CONNECTION_LOST"] });
  await using lost = await openLasting(thrice.open, { ...QUICK, attempts: 3 });
  await lost.run({ argv: ["lose"] }).catch(() => {});
  await expect(lost.run({ argv: ["a"] })).rejects.toMatchObject({ code: "SSH_CONNECTION_LOST" });
  expect(thrice.state.asked).toBe(4);
});

test("tries the first opening once", async () => {
  const { state, open } = startFake({ openings: ["SSH_UNREACHABLE"] });
  await expect(openLasting(open, QUICK)).rejects.toMatchObject({ code: "SSH_UNREACHABLE" });
  expect(state.asked).toBe(1);
});

test("does not try again what will not pass", async () => {
  const { state, open } = startFake({ openings: [undefined, "SSH_KEY_REFUSED"] });
  await using transport = await openLasting(open, QUICK);
  await transport.run({ argv: ["lose"] }).catch(() => {});
  await expect(transport.run({ argv: ["a"] })).rejects.toMatchObject({ code: "SSH_KEY_REFUSED" });
  expect(state.asked).toBe(2);
});

test("tries again at the next run when opening anew has failed", async () => {
  const { state, open } = startFake({ openings: [undefined, "SSH_HOST_KEY_MISMATCH"] });
  await using transport = await openLasting(open, QUICK);
  await transport.run({ argv: ["lose"] }).catch(() => {});
  await expect(transport.run({ argv: ["a"] })).rejects.toMatchObject({ code: "SSH_HOST_KEY_MISMATCH" });
  expect((await transport.run({ argv: ["a"] })).stdout).toBe("2");
  expect(state.asked).toBe(3);
});

test("ends a pause when it is disposed of, and runs nothing after", async () => {
  const { state, open } = startFake({ openings: [undefined, "SSH_UNREACHABLE"] });
  const transport = await openLasting(open, { pauseSeconds: 1000 });
  await transport.run({ argv: ["lose"] }).catch(() => {});
  const running = transport.run({ argv: ["a"] }).catch((error: unknown) => error);
  await transport[Symbol.asyncDispose]();
  expect(await running).toMatchObject({ code: "SSH_UNREACHABLE" });
  await expect(transport.run({ argv: ["a"] })).rejects.toMatchObject({ code: "SSH_CONNECTION_LOST" });
  expect(state).toMatchObject({ opened: 1, closed: 1 });
});
