import { expect, test } from "vitest";
import { nameProject } from "./name-project.ts";

test("a repository on GitHub is the project wherever it is checked out", () => {
  const environment = { GITHUB_REPOSITORY: "ada/percolation" };
  expect(nameProject(environment, "/a")).toBe(nameProject(environment, "/b"));
  expect(nameProject(environment, "/a")).toMatch(/^percolation\.[0-9a-f]{8}$/);
  expect(nameProject({ GITHUB_REPOSITORY: "eve/percolation" }, "/a")).not.toBe(nameProject(environment, "/a"));
});

test("elsewhere the folder is, under a name that any file system takes", () => {
  expect(nameProject({}, "/home/ada/my study (β)")).toMatch(/^my-study-+\.[0-9a-f]{8}$/);
  expect(nameProject({ GITHUB_REPOSITORY: "" }, "/")).toMatch(/^project\.[0-9a-f]{8}$/);
});
