import { expect, test } from "vitest";
import { after, event, jobId, SIMULATION, submission } from "../events.fixture.ts";
import { renderCheck } from "./check-report.ts";
import { renderComment } from "./comment.ts";

const done = after(submission(), [
  ...[1, 2, 3].map((nth) => event({ job: jobId(nth) })),
  event({ job: jobId(99, "summary-1.0") }),
]);

function withFigures(count: number, url = "https://repx.example/figures/s0/abc"): typeof done {
  const figures = Array.from({ length: count }, (_, index) => ({
    job: jobId(1 + (index % 3)),
    name: `figures/[${index}].svg`,
    url: `${url}${index}`,
  }));
  return { ...done, figures };
}

test("the check of a run and the comment show the pictures that jobs left, with what they are of", () => {
  const one = withFigures(1);
  const picture = "**threshold-1.0** `seed=1 size=16`\n\n![figures/\\[0\\].svg](https://repx.example/figures/s0/abc0)";
  expect(renderCheck(one, SIMULATION).summary).toContain(picture);
  expect(renderComment(one)).toContain(picture);
});

test("a report shows six pictures and counts the others", () => {
  const comment = renderComment(withFigures(8));
  expect(comment.match(/!\[/g)).toHaveLength(6);
  expect(comment).toContain("_and 2 more pictures_");
});

test("what is no plain address is not shown", () => {
  expect(renderComment(withFigures(1, "javascript:alert(1)//"))).not.toContain("javascript");
  expect(renderComment(withFigures(1, "https://repx.example/a) ![x](https://evil.example/"))).not.toContain("evil");
});
