// A target's user may have any login shell, and start-up files that were written with only terminals in mind.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Transport } from "../../packages/core/src/target/transport/transport.ts";
import { testTransport } from "../../packages/core/src/target/transport/transport.suite.ts";
import { startShellUser, type ShellName, type ShellUser } from "./shell-user.ts";

const NOISE: Record<ShellName, string> = {
  bash: "echo 'Welcome to bash'; echo 'module: not found' >&2; printf 'no line feed'; printf 'none' >&2\n",
  tcsh: "echo 'Welcome to tcsh'\nsh -c 'echo module: not found >&2'\nprintf 'no line feed'\n",
  fish: "echo 'Welcome to fish'; echo 'module: not found' >&2; printf 'no line feed'\n",
};
const SHELLS: readonly ShellName[] = ["bash", "tcsh", "fish"];

describe.each(SHELLS)("with %s as login shell", (shell) => {
  let account: ShellUser;
  let transport: Transport;

  beforeAll(async () => {
    account = await startShellUser(`/usr/bin/${shell}`);
    await account.writeStartup(NOISE[shell]);
    transport = await account.open();
  });

  afterEach(async () => account.writeStartup(NOISE[shell]));

  afterAll(async () => {
    await transport[Symbol.asyncDispose]();
    await account[Symbol.asyncDispose]();
  });

  describe("the SSH transport", () => {
    testTransport(async () => account.open());
  });

  test("gives the command's own words alone", async () => {
    const output = await transport.run({ argv: ["sh", "-c", "echo out; echo err >&2; exit 4"] });
    expect(output).toMatchObject({ exitCode: 4, stdout: "out\n", stderr: "err\n" });
    expect(await transport.run({ argv: ["true"] })).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  });

  test("gives them alone also when the shell echoes its commands", async () => {
    await account.writeStartup({ bash: "set -vx", tcsh: "set echo verbose", fish: "set fish_trace 1" }[shell]);
    const output = await transport.run({ argv: ["sh", "-c", "echo out; echo err >&2"] });
    expect(output).toMatchObject({ stdout: "out\n", stderr: "err\n" });
  });

  test("passes over very much that is printed", async () => {
    const loop = "seq 1 300000; seq 1 300000 >&2";
    await account.writeStartup(shell === "tcsh" ? `sh -c '${loop}'\n` : `${loop}\n`);
    expect(await transport.run({ argv: ["echo", "own"] })).toMatchObject({ stdout: "own\n", stderr: "" });
  });

  test("tells that a start-up file ended the shell, and what was printed last", async () => {
    // `exit` ends bash; csh and fish only leave the file.
    await account.writeStartup(`echo 'Quota of scratch exceeded'\nexec sh -c 'exit 3'\n`);
    const error = await transport.run({ argv: ["squeue", "--me"] }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "SSH_LOGIN_SHELL_FAILED",
      message: `the login shell of ${transport.description} ended with 3 before it started \`squeue\`; it printed last: Quota of scratch exceeded`,
      details: { exitCode: 3, stdout: "Quota of scratch exceeded\n" },
    });
  });

  test("tells whether a start-up file that means to end the shell did, also when there is much to send", async () => {
    await account.writeStartup({ bash: "[ -t 0 ] || exit", tcsh: "exit", fish: "test -t 0; or exit" }[shell]);
    const running = transport.run({ argv: ["cat"], stdin: Buffer.alloc(5_000_000) });
    const outcome = await running.then(
      ({ stdout }) => stdout.length,
      (error: unknown) => String(error),
    );
    const ended = expect.stringMatching(/ended with [01] before it started `cat` and printed nothing$/);
    expect(outcome).toEqual(shell === "bash" ? ended : 5_000_000);
  });

  test("keeps what is sent from a start-up file that reads", async () => {
    await account.writeStartup(
      { bash: "read -t 0.2 line", tcsh: "sh -c 'timeout 0.2 cat'", fish: "timeout 0.2 cat" }[shell],
    );
    const output = await transport.run({ argv: ["cat"], stdin: "first\nsecond\n" });
    expect(output.stdout).toBe("first\nsecond\n");
  });

  test("tells that a start-up file waits for what does not come", async () => {
    await account.writeStartup("echo 'Project?'\ncat >/dev/null\n");
    const error = await transport
      .run({ argv: ["cat"], stdin: "x", deadlineSeconds: 1 })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "SSH_TIMEOUT",
      message: expect.stringContaining("did not start `cat` within 1 seconds; it printed last: Project?"),
      hint: expect.stringContaining("waits for input"),
    });
    // What sends nothing says so at once.
    expect((await transport.run({ argv: ["echo", "on"] })).stdout).toBe("on\n");
  });
});

test("tells that an account has no shell to run commands with", async () => {
  await using account = await startShellUser("/usr/sbin/nologin");
  await using transport = await account.open();
  await expect(transport.run({ argv: ["true"] })).rejects.toMatchObject({
    code: "SSH_LOGIN_SHELL_FAILED",
    message: expect.stringContaining("This account is currently not available."),
  });
});
