import { describe, expect, test } from "vitest";
import { openLocal } from "./local.ts";
import { testTransport } from "./transport.suite.ts";

describe("the local transport", () => {
  testTransport(async () => openLocal());

  test("names the signal that ended a command", async () => {
    await using transport = await openLocal();
    const output = await transport.run({ argv: ["sh", "-c", "kill -KILL $$"] });
    expect(output.signal).toBe("SIGKILL");
  });

  test("gives commands exactly the environment it was opened with", async () => {
    await using transport = await openLocal({ environment: { PATH: "/usr/bin:/bin", ONLY: "this" } });
    const output = await transport.run({ argv: ["env"] });
    expect(output.stdout.trim().split("\n").toSorted()).toEqual(["ONLY=this", "PATH=/usr/bin:/bin"]);
  });
});
