import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { World } from "../harness/world.ts";

let world: World;

beforeAll(async () => {
  world = await makeTemporaryWorld("pictures");
});
afterAll(async () => world[Symbol.asyncDispose]());

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';

test("a picture that a job drew is shown in its check and in the comment, and can be fetched there", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const experiment = await world.openExperiment("drawn");
  await experiment.checkout.edit("analysis/threshold.nix", (text) =>
    text.replace(
      'cat "${outputs.thresholds}"',
      `mkdir -p "$(dirname "\${outputs.metrics}")/figures"
      echo '${SVG}' > "$(dirname "\${outputs.metrics}")/figures/threshold.svg"
      cat "\${outputs.thresholds}"`,
    ),
  );
  const run = await world.runAction(experiment);
  expect(run.exitCode, run.log).toBe(0);
  const { headSha, number } = experiment.pullRequest;
  await world.waitForChecks(headSha, 2);
  const picture = /!\[figures\/threshold\.svg\]\((http[^)]+\/figures\/[^)]+)\)/;
  const comment = await waitUntil({ what: "the picture in the comment", timeoutSeconds: 60 }, async () =>
    (await world.github.readComments(number)).find(({ body }) => picture.test(body)),
  );
  const url = picture.exec(comment.body)?.[1] ?? "";
  const answer = await fetch(url);
  expect(answer.headers.get("content-type")).toBe("image/svg+xml");
  expect((await answer.text()).trim()).toBe(SVG);
  const analysis = (await world.github.readCheckRuns(headSha)).find(({ name }) => name === "repx / analysis");
  expect(analysis?.output.summary).toContain(`](${url})`);
});
