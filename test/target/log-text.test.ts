// What of a job's log leaves the cluster: its last words, without what looks like a secret, in every awk.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";

const FOLDER = "/tmp/repx-log-text";
const PROGRAMS = join(REPOSITORY_ROOT, "packages/core/target");
const TOKEN = "this-submissions-own_token-0123456789";
const AWKS: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ["mawk", ["mawk"]],
  ["gawk", ["gawk"]],
  ["busybox awk", ["/bin/busybox", "awk"]],
];

beforeAll(async () => {
  await makeTraversableFolder(FOLDER);
  await writeFile(join(FOLDER, "token"), `${TOKEN}\n`);
});
afterAll(async () => rm(FOLDER, { recursive: true, force: true }));

/** As repx-relay's log_text, with this awk. */
async function tell(awk: readonly string[], log: string | Buffer): Promise<string> {
  await writeFile(join(FOLDER, "log"), log);
  const files = ["json.awk", "redact.awk", "log-text.awk"].flatMap((name) => ["-f", join(PROGRAMS, name)]);
  const values = ["lines=40", "most=8000", "window=16000"].flatMap((value) => ["-v", value]);
  const script = `log=$1; shift; tail -c 16002 "$log" | tr '\\000' '\\377' | LC_ALL=C REPX_TOKEN_FILE=${FOLDER}/token "$@"`;
  const argv = ["sh", "-c", script, "sh", join(FOLDER, "log"), ...awk, ...values, ...files];
  const text: unknown = JSON.parse((await runCommand(argv)).stdout);
  if (typeof text !== "string") throw new Error("not a JSON string");
  return text;
}

const RANDOM = "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX";
// Put together here, so that no scanner takes this file for a leak.
const pem = (word: "BEGIN" | "END", kind = "RSA PRIVATE") => `-----${word} ${kind} KEY-----`;

/** What a log says, and what of it is told; where that is missing, the same. */
const LINES: readonly (readonly [what: string, line: string, told?: string])[] = [
  ["a personal token", `x ghp_${RANDOM} y`, "x [redacted] y"],
  ["an OAuth token", `gho_${RANDOM}.`, "[redacted]"],
  ["a server token of the newer form", `ghs_123_${RANDOM}.${RANDOM}-${RANDOM}, y`, "[redacted], y"],
  ["a user token", `(ghu_${RANDOM})`, "([redacted])"],
  ["a refresh token", `"ghr_${RANDOM}"`, '"[redacted]"'],
  ["a fine-grained token", `github_pat_11${RANDOM}_${RANDOM}`, "[redacted]"],
  ["two in one line", `ghp_${RANDOM} ghp_${RANDOM}`, "[redacted] [redacted]"],
  ["an AWS key", "id AKIAIOSFODNN7EXAMPLE ok", "id [redacted] ok"],
  ["an AWS session key", "ASIAIOSFODNN7EXAMPLE", "[redacted]"],
  ["a header as curl shows it", "> Authorization: Basic dXNlcjpwYXNz\r", "> Authorization: [redacted]\r"],
  ["a header in an argument", `-H "authorization: token ab" https://x/`, `-H "authorization: [redacted]" https://x/`],
  ["a header of many parts", `Authorization: Digest a="b", c="d"`, "Authorization: [redacted]"],
  ["a header in JSON", `{"Authorization": "Bearer a.b", "n": 1}`, `{"Authorization": "[redacted]", "n": 1}`],
  ["a bearer", "sent Bearer abc.DEF-9_~+/= there", "sent Bearer [redacted] there"],
  ["a URL with a password", "clone https://me:p%40ss@host/x.git", "clone https://[redacted]@host/x.git"],
  ["a URL with an odd password", "redis://:a@b:c@host:6379/0", "redis://[redacted]@host:6379/0"],
  ["our own token", `got ${TOKEN}!`, "got [redacted]!"],
  ["a variable", "+ export MY_TOKEN=abc next", "+ export MY_TOKEN=[redacted] next"],
  ["a variable in quotes", `DB_PASSWORD="a \\" b" next`, `DB_PASSWORD="[redacted]" next`],
  ["a variable in single quotes", "API_KEY='a b' next", "API_KEY='[redacted]' next"],
  ["a bare variable", "SECRET=x", "SECRET=[redacted]"],
  ["lower case", "password=hunter2 user=me", "password=[redacted] user=me"],
  ["a configuration file", "aws_secret_access_key = ab/cd+ef", "aws_secret_access_key = [redacted]"],
  ["YAML", "  api_key: abc", "  api_key: [redacted]"],
  ["JSON", `{"token":"a\\"b","accessToken": "c","n":1}`, `{"token":"[redacted]","accessToken": "[redacted]","n":1}`],
  ["JSON in JSON", `"{\\"secret\\":\\"ab\\",\\"n\\":1}"`, `"{\\"secret\\":\\"[redacted]\\",\\"n\\":1}"`],
  ["a query", "GET /x?token=abc HTTP/1.1", "GET /x?token=[redacted] HTTP/1.1"],
  ["a key on one line", `k='${pem("BEGIN")}\\nMII\\n${pem("END")}\\n'`, "k='[redacted]\\n'"],
  ["no secret: an address", "http://host:8080/a@b ssh://git@host/x user@host:path"],
  ["no secret: a parser's error", "SyntaxError: unexpected token: } in line 3"],
  ["no secret: an empty variable, a comparison, a scope", "TOKEN= ./run; [ $KEY == 3 ]; Token::parse()"],
  ["no secret: other names", "monkey=3 key=temperature tokens=5 KEY_COUNT=4 the key: value"],
  ["no secret: what is too short", "ghp_short AKIA123 ghp_"],
  ["no secret: plain words", "50% | done → café  a=b {x: 1}"],
];

describe.each(AWKS)("%s", (_, awk) => {
  test("hides what looks like a secret, and nothing else", async () => {
    const told = await tell(awk, LINES.map(([, line]) => `${line}\n`).join(""));
    expect(told.split("\n").map((line, k) => [LINES[k]?.[0], line])).toEqual(
      LINES.map(([what, line, hidden = line]) => [what, hidden]),
    );
  });

  test.each([
    ["whole", ["a", pem("BEGIN"), "MIIa", "", "MIIb", pem("END"), "z"], ["a", "[redacted]", "z"]],
    ["behind a prefix", ["a", `0: ${pem("BEGIN")}`, "0: MIIa", `0: ${pem("END")}`, "z"], ["a", "0: [redacted]", "z"]],
    ["without its end", ["a", pem("BEGIN", "OPENSSH PRIVATE"), "MIIa", "MIIb"], ["a", "[redacted]"]],
    ["without its beginning", ["MIIa", "MIIb", pem("END", "PRIVATE"), "z"], ["[redacted]", "z"]],
    ["twice", [pem("BEGIN"), "1", pem("END"), pem("BEGIN"), "2", pem("END")], ["[redacted]", "[redacted]"]],
  ])("hides a private key %s", async (_what, log, told) => {
    expect((await tell(awk, log.join("\n"))).split("\n")).toEqual(told);
  });

  test("a public key and a certificate stay", async () => {
    const log = [pem("BEGIN", "PUBLIC"), "MIIa", pem("END", "PUBLIC"), "-----BEGIN CERTIFICATE-----"].join("\n");
    expect(await tell(awk, log)).toBe(log);
  });

  test("half of a secret at the cut is not told, though what is hidden behind it brings it near", async () => {
    for (const words of [380, 384, 386, 389]) {
      const line = `Bearer ${RANDOM.repeat(10)}${` AKIA${RANDOM.toUpperCase()}`.repeat(words)}`;
      expect(line.length - 16_002).toBeGreaterThan(-60);
      const told = await tell(awk, line);
      expect(told).not.toContain(RANDOM.slice(-8));
      expect(told).toMatch(/\[redacted\] \[redacted\]$/);
      expect(await tell(awk, `${line}\nz`)).not.toContain(RANDOM.slice(-8));
    }
  });

  test("the cut comes after the hiding, at 40 lines and 8,000 bytes", async () => {
    const told = await tell(awk, "A_KEY=x ".repeat(1999));
    expect(told.length).toBe(8000);
    expect(told).toMatch(/A_KEY=\[redacted\] A_KEY=\[redacted\] $/);
    const lines = (await tell(awk, `${"a line\n".repeat(5000)}KEY=x\n`)).split("\n");
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([40, "a line", "KEY=[redacted]"]);
    expect(await tell(awk, "x".repeat(20_000))).toBe("[a line of more than 16000 bytes]");
    const bar = await tell(awk, `${"p ".repeat(20_000)}\rdone`);
    expect([bar.length, bar.slice(-8)]).toEqual([8000, " p \rdone"]);
  });

  test("bytes that are no text do no harm", async () => {
    const log = Buffer.from([0xff, 0, 0x80, 0x0a, ...Buffer.from("MY_KEY="), 0, 0xc3, 0x28, 0x20, 0xe2, 0x82, 0xac]);
    expect(await tell(awk, log)).toBe("���\nMY_KEY=[redacted] €");
  });

  test.each(["-", "-----BEGIN ", "ghp_", "KEY=", "key ", "://a:", "authorization", 'TOKEN="', '\\"', "secret\t", "a"])(
    "a log of nothing but %j takes no longer than another",
    async (piece) => {
      const began = performance.now();
      await tell(awk, `TOKEN="${piece.repeat(16_000 / piece.length)}`);
      expect(performance.now() - began).toBeLessThan(3000);
    },
  );
});
