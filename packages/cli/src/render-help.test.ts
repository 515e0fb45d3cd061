import { expect, test } from "vitest";
import { PAINT, WAIT } from "./command.fixture.ts";
import { renderCommandHelp, renderProgramHelp } from "./render-help.ts";

test("a command's help says what it takes, within 80 columns", async () => {
  const help = renderCommandHelp(PAINT);
  expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
  await expect(help).toMatchFileSnapshot("golden/help-paint.golden.txt");
});

test("the program's help lists its commands, but for hidden ones", async () => {
  const help = renderProgramHelp([PAINT, WAIT, { ...WAIT, name: "secret", isHidden: true }]);
  expect(help).not.toContain("secret");
  await expect(help).toMatchFileSnapshot("golden/help.golden.txt");
});
