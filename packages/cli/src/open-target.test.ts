import { expect, test } from "vitest";
import { keepScreen } from "./command.fixture.ts";
import { findTarget } from "./open-target.ts";

async function find(given: string) {
  return findTarget({ text: () => given, isSet: () => false, cwd: "/study", environment: {}, screen: keepScreen(80) });
}

test("a path is a target on this machine, named by its last part", async () => {
  const { target } = await find("./here/");
  expect(target).toEqual({ name: "here", basePath: "/study/here", scheduler: "local" });
});

test.each(["/", "/study/..", "./a\nb", "./\u001Bb"])(
  "the path %j is refused, as config files refuse it",
  async (given) => {
    await expect(find(given)).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: `--target is ${JSON.stringify(given)}`,
    });
  },
);
