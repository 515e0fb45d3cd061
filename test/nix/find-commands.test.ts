import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tryCommand } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import type { ScratchFolder } from "../harness/scratch-folder.ts";

const PARSER = ["findCommands", "readCompound", "readWord"].flatMap((name) => [
  "-f",
  join(REPOSITORY_ROOT, `packages/nix/${name}.awk`),
]);

let scratch: ScratchFolder;
beforeAll(async () => {
  scratch = await startScratchFolder();
});
afterAll(async () => scratch[Symbol.asyncDispose]());

/** The rows that the parser prints: kind, line, name. */
async function parse(awk: readonly string[], file: string): Promise<string[][]> {
  const argv = [...awk, ...PARSER, file];
  const { exitCode, stdout, stderr } = await tryCommand(argv, { environment: { LC_ALL: "C" }, timeoutSeconds: 20 });
  expect({ file, exitCode, stderr }).toEqual({ file, exitCode: 0, stderr: "" });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));
}

let scripts = 0;
async function findCommands(awk: readonly string[], script: string): Promise<string> {
  const file = join(scratch.path, `script-${scripts++}`);
  await writeFile(file, `${script}\n`);
  const rows = await parse(awk, file);
  return rows.flatMap(([kind, line, name]) => (kind === "command" ? [`${line}:${name}`] : [])).join(" ");
}

/** What bash would run, `line:name`, in the order of the text. */
const SCRIPTS: readonly (readonly [title: string, script: string, commands: string])[] = [
  ["lists", "a x; b && c || d & e", "1:a 1:b 1:c 1:d 1:e"],
  ["pipelines", "a | b |& c |\n  d", "1:a 1:b 1:c 2:d"],
  ["a command twice, where it is first", "a\nb\na", "1:a 2:b"],
  ["negation and time", "! a; time b; time -p c; !(d)", "1:a 1:b 1:c 1:d"],
  ["groups and subshells", "{ a; }; (b; (c)); ( { d; } )", "1:a 1:b 1:c 1:d"],
  ["if", "if a; then b; elif c; then d; else e; fi | f", "1:a 1:b 1:c 1:d 1:e 1:f"],
  ["loops", "while a; do b; done; until c; do d; done < x", "1:a 1:b 1:c 1:d"],
  ["for over words", "for i in p $(a) q; do b; done", "1:a 1:b"],
  ["for over arguments", "for i do a; done; for j; do b; done", "1:a 1:b"],
  ["for on lines", "for i in p \\\n  q # r\ndo\n  a\ndone", "4:a"],
  ["arithmetic for", "for ((i = 0; i < $(a); i++)); do b; done", "1:a 1:b"],
  ["select", "select x in p q; do a; break; done", "1:a 1:break"],
  ["case", "case $x in p | q) a ;; (r) b ;& *) c ;;& esac; d", "1:a 1:b 1:c 1:d"],
  ["case with odd patterns", 'case "$(a)" in "p)"|[!x]*) b;; \\)) c;; $(d)) ;; esac', "1:a 1:b 1:c 1:d"],
  ["case in a substitution", "x=$(case p in q) a ;; esac); b", "1:a 1:b"],
  ["case in case", "case x in y) case z in w) a;; esac;; v) b;; esac", "1:a 1:b"],
  ["tests", "[[ -f a && ( b < c || d =~ ^(e|f)<(g|h)>$ ) ]] && i; [[ x ]]; j", "1:i 1:j"],
  ["a substitution in a test", '[[ $(a) == "$(b | c)" ]]', "1:a 1:b 1:c"],
  ["arithmetic", "((x = 1 << 2)); y=$((1 + $(a) << 2)); z=$[1 + 2]; let 'w = 1 << 2'", "1:a 1:let"],
  ["subshells that look like arithmetic", "((a); (b)); x=$((c) | d)", "1:a 1:b 1:c 1:d"],
  [
    "own functions",
    "f() { a; }\nfunction g { b; }\nfunction h() (c)\ni () if d; then e; fi\nf; g; h; i",
    "1:a 2:b 3:c 4:d 4:e",
  ],
  ["functions used before they are defined", "main() { f; }; f() { a; }; main", "1:a"],
  ["substitutions in quotes", 'a "x $(b "$(c \'$(no)\' "d)")") y" ", $(e)"', "1:a 1:b 1:c 1:e"],
  ["backticks", 'a `b \\`c\\` d` "`e \\"x; y\\"`"', "1:a 1:b 1:c 1:e"],
  ["what quotes hide", "a 'b; c' \"d; e\" $'f\\'; g' $\"h; i\" j\\;k", "1:a"],
  ["process substitution", "a <(b) >(c) --in=<(d) < <(e)", "1:a 1:b 1:c 1:d 1:e"],
  ["a here-document", "a <<E\nb; $(c) `d` \\$(e) 'x $(f)'\nE\ng", "1:a 2:c 2:d 2:f 4:g"],
  ["quoted here-documents", "a <<'E' <<\"F\" <<\\G\n$(b)\nE\n`c`\nF\n$(d)\nG\ne", "1:a 8:e"],
  ["a here-document with tabs", "a <<-E | b\n\tc\n\tE\nd", "1:a 1:b 4:d"],
  ["a here-document in a substitution", 'x="$(a <<E\nb\nE\n)"; c', "1:a 4:c"],
  ["here-documents inside here-documents", "a <<E; b\n$(c <<F\nno\nF\n)\nE\nd", "1:a 1:b 2:c 7:d"],
  ["a here-string", 'a <<< "$(b)"; c <<<x', "1:a 1:b 1:c"],
  [
    "redirections before the command",
    "2>&1 >x a; < in b; {fd}> y c; &> z d; &>>z e; 3<&- f; >| x g",
    "1:a 1:b 1:c 1:d 1:e 1:f 1:g",
  ],
  ["assignments before the command", 'A=1 B+="$(a) c" D[0]=x E[i + 1]=y b; F=1', "1:a 1:b"],
  ["arrays", "x=(a $(b)\n  # c; d\n  [k]=e); declare -A y=([f g]=h); i", "1:b 3:declare 3:i"],
  [
    "parameter expansions",
    'x=${a:-$(b)} y="${c%\'}\'}" z=${d:+"$(e)"} w="${f:-it\'s}"; g ${#h} ${i[$(j)]}',
    "1:b 1:e 1:g 1:j",
  ],
  ["comments", "a # b; c\n# d\ne#f; g '#' h; i", "1:a 3:g 3:i"],
  ["line continuations", "a \\\n  b\nc\\\nd", "1:a 3:cd"],
  ["a quoted command", "'a' x; \"b\" y; \\c", "1:a 1:b 1:c"],
  ["no dynamic word and no path", '$a; "${b}" c; ./d; /bin/e; ~/f; x$(g); h*; {i,j}', "1:g"],
  [
    "what prefixes run",
    "exec -a x a; command -p b; env -i A=1 -u B c; nohup nice -n 5 d; timeout -k 5 10 e",
    "1:a 1:b 1:c 1:d 1:e",
  ],
  ["what xargs and find run", "xargs -0 -n 1 a x; find . -exec b {} + -o -execdir c \\;", "1:a 1:b 1:c"],
  ["a coprocess", "coproc a; coproc NAME { b; }", "1:a 1:b"],
  ["what the script asks for", "command -v a >/dev/null && a; type -P b; b; hash c || d", "1:d"],
  ["an alias", "alias ll='ls -l' x=y; ll; x", ""],
  ["what the host has", "# repx: uses host command srun, module\nmodule load a; srun b; c", "2:c"],
  ["a file whose functions cannot be known", "a; source $x; b", ""],
  ["a PATH of its own", "export PATH=/x:$PATH; a", ""],
  ["eval of a substitution", 'eval "$(a)"; b', ""],
  ["eval of text", 'eval "x=$y"; b', "1:eval 1:b"],
  ["a text that is not understood", "a; b )", ""],
];

/** What is no program, so that the table needs not name it. */
const PREFIXES = /\b\d+:(?:exec|command|env|nohup|nice|timeout|xargs|find|type|hash|alias)\b ?/g;

describe.each([
  ["busybox awk", ["/bin/busybox", "awk"]],
  ["awk", ["awk"]],
] as const)("%s finds", (_name, awk) => {
  test.each(SCRIPTS)("%s", async (_title, script, commands) => {
    expect((await findCommands(awk, script)).replaceAll(PREFIXES, "").trim()).toBe(commands);
  });
});

test("a sourced file gives its functions, and its own commands are not judged", async () => {
  const library = join(scratch.path, "library.sh");
  await writeFile(library, "greet() { undeclared; }\n");
  expect(await findCommands(["awk"], `source ${library}; greet; other`)).toBe("1:source 1:other");
});

test("functions are named with their lines", async () => {
  const file = join(scratch.path, "functions");
  await writeFile(file, "\nf() { :; }\n");
  expect(await parse(["awk"], file)).toContainEqual(["function", "2", "f"]);
});

test("every bash script of this machine's programs is read to its end, and only plausible names come out", async () => {
  const shebang = "^#! ?/(usr/)?bin/(env )?(ba)?sh( |$)";
  const { stdout } = await tryCommand(["grep", "-rlIsE", "-m", "1", shebang, "/usr/bin", "/usr/sbin", "/etc/init.d"]);
  const files = stdout.split("\n").filter((file) => file !== "");
  const rows: string[][] = [];
  for (const file of files) rows.push(...(await parse(["/bin/busybox", "awk"], file)));
  const found = rows.filter(([kind]) => kind === "command");
  expect(found.length).toBeGreaterThan(100);
  expect(found.filter(([, line, name = ""]) => !/^\d+$/.test(line ?? "") || !/^[\w][\w.+-]*$/.test(name))).toEqual([]);
});
