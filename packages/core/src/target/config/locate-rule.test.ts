import { expect, test } from "vitest";
import { locateRule } from "./locate-rule.ts";
import { parseResources } from "./resources.ts";

const TEXT = `# what jobs ask for
[defaults]
mem = "1G"

[[rules]]
job_id_glob = "*-walk-*"
mem = "4G"

  [[ rules ]] # on one cluster
target = "cluster"
time = "01:00:00"

[[rules]]
job_id_glob = "*-walk-*"
partition = "long"
`;

const JOB = "00000000000000000000000000000001-walk-1.0";

function locate(id: string, target: string, text = TEXT): number | undefined {
  return locateRule({ path: "resources.toml", text }, parseResources(text, "resources.toml"), { id, target })?.line;
}

test.each([
  ["the last rule that matches and asks for memory or time", JOB, "cluster", 9],
  ["the rule for its id where the other is of another target", JOB, "laptop", 5],
  ["the defaults where no rule matches", "00000000000000000000000000000001-sum-1.0", "laptop", 2],
])("finds %s", (_, id, target, line) => {
  expect(locate(id, target)).toBe(line);
});

test("finds nothing where nothing is asked for, or rules have no header of their own", () => {
  expect(locate(JOB, "cluster", "")).toBeUndefined();
  expect(locate(JOB, "cluster", '[defaults]\npartition = "long"\n')).toBeUndefined();
  expect(locate(JOB, "cluster", 'rules = [{ mem = "1G" }]\n')).toBeUndefined();
});

test("names the file", () => {
  const text = { path: "hpc/resources.toml", text: TEXT };
  expect(locateRule(text, parseResources(TEXT, "x"), { id: JOB, target: "cluster" })?.path).toBe("hpc/resources.toml");
});
