import { expect, test } from "vitest";
import { advise, listWords } from "./advise.ts";

test("a word that is near is offered before the rest of the advice", () => {
  expect(advise("jbos", ["runs", "jobs"], "It is one of runs, jobs.")).toBe(
    "Did you mean jobs? It is one of runs, jobs.",
  );
});

test("a word that is near to nothing leaves the rest of the advice alone", () => {
  expect(advise("weather", ["runs", "jobs"], "It is one of runs, jobs.")).toBe("It is one of runs, jobs.");
});

test("a long list is told by its beginning and its length", () => {
  expect(listWords(["a", "b", "c"], 3)).toBe("a, b, c");
  expect(listWords(["a", "b", "c", "d"], 3)).toBe("a, b, c and 1 more");
});
