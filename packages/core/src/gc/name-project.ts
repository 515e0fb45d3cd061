import { hash } from "node:crypto";
import { basename } from "node:path";

/**
 * Names the project whose roots take turns: the repository on GitHub, else a folder of this machine. The hash keeps two
 * of the same last name apart.
 */
export function nameProject(environment: Readonly<Record<string, string>>, folder: string): string {
  const repository = environment["GITHUB_REPOSITORY"] ?? "";
  const key = repository === "" ? folder : repository;
  const name = basename(key).replaceAll(/[^0-9A-Za-z_-]+/g, "-");
  // A name with a dot first would not be found by gc's patterns.
  return `${name === "" ? "project" : name.slice(0, 40)}.${hash("sha256", key).slice(0, 8)}`;
}
