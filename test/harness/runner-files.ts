import { readFile } from "node:fs/promises";

/** Parses GITHUB_OUTPUT, GITHUB_STATE or GITHUB_ENV: `name=value` lines and `name<<DELIMITER` blocks. */
export function parseRunnerFile(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const line = (lines[at] ?? "").replace(/\r$/, "");
    if (line === "") continue;
    const block = /^([^=]+?)<<(.+)$/.exec(line);
    const [, name, delimiter] = block ?? [];
    if (name !== undefined && delimiter !== undefined) {
      const end = lines.findIndex((other, index) => index > at && other.replace(/\r$/, "") === delimiter);
      if (end < 0) throw new Error(`${name}: the closing ${delimiter} is missing`);
      values[name] = lines.slice(at + 1, end).join("\n");
      at = end;
    } else {
      const equals = line.indexOf("=");
      if (equals < 1) throw new Error(`a line is neither name=value nor a block: ${line}`);
      values[line.slice(0, equals)] = line.slice(equals + 1);
    }
  }
  return values;
}

/** Reads and parses one of the runner's files. */
export async function readRunnerFile(path: string): Promise<Record<string, string>> {
  return parseRunnerFile(await readFile(path, "utf8"));
}
