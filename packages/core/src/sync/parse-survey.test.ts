import { expect, test } from "vitest";
import { parseAnswer, readFacts } from "./parse-survey.ts";
import type { TargetFacts } from "./target-facts.ts";

function facts(text: string): TargetFacts {
  return readFacts(parseAnswer(Buffer.from(`${text}\n= content\n\n= end\n`), "a target"));
}

test.each([
  ["/dev/sda1 1000 400 600 40% /", 600 * 1024],
  ["server:/a b/c 1000 400 600 40% /mnt/a b", 600 * 1024],
  ["10.0.0.1@tcp:/scratch 118980000 4000 600 100% /scratch", 600 * 1024],
  ["full 1000 1000 0 100% /", 0],
  ["beyond 1000 1000 -5 101% /", 0],
  ["- 0 0 0 - /odd", Infinity],
  ["", Infinity],
  ["df: .: Input/output error", Infinity],
])("reads the room that df tells in %j", (line, freeBytes) => {
  expect(facts(`= blocks\nFilesystem 1024-blocks Used Available Capacity Mounted on\n${line}`).freeBytes).toBe(
    freeBytes,
  );
});

test.each([
  ["/dev/sda1 1000 400 600 40% /", 600],
  ["btrfs 0 0 0 - /", Infinity],
])("reads the inodes that df tells in %j", (line, freeFiles) => {
  expect(facts(`= inodes\nFilesystem Inodes IUsed IFree IUse% Mounted on\n${line}`).freeFiles).toBe(freeFiles);
});

test.each([
  ["quota", "/dev/sda1 100 0 1000 3 0 0", 900 * 1024],
  ["quota", "/dev/sda1 100 500 0 3 0 0", 400 * 1024],
  ["quota", "/dev/sda1 1200* 500 1000 6days 3 0 0", 0],
  ["quota", "/dev/sda1 100 0 0 3 0 0", Infinity],
  ["quota", "/dev/sdb1 100 0 1000 3 0 0", Infinity],
  ["quota", "Disk quotas for user u (uid 1): none", Infinity],
  ["lustre", "/scratch 100 0 1000 - 5 0 0 -", 900 * 1024],
  ["lustre", "/scratch [100] 0 [1000]* - 5 0 0 -", 900 * 1024],
  ["lustre", "/scratch 0 0 0 - 0 0 0 -", Infinity],
  ["lustre", "lfs: unknown", Infinity],
])("reads what a quota leaves: %s %j", (section, line, quotaBytes) => {
  expect(facts(`= blocks\n/dev/sda1 9 9 9 9% /\n= ${section}\n${line}`).quotaBytes).toBe(quotaBytes);
});

test("does not trust an openssl that does not give the right hash", () => {
  expect(facts("= openssl\nd41d8cd98f00b204e9800998ecf8427e */dev/null").hasOpenssl).toBe(false);
});

test("passes over files that changed while they were read, and only over them", () => {
  const content = [
    "==> /dev/null <==\n",
    "\n==> outputs/a <==\n",
    "longer",
    "\n==> outputs/b <==\n",
    "right",
    "\n==> outputs/c <==\n",
    "sh",
  ];
  content.push("==> /dev/null <==\n", "\n==> outputs/e <==\n", "end");
  const files = "5 outputs/a\n5 outputs/b\n5 outputs/c\n1 outputs/d\n3 outputs/e";
  const answer = parseAnswer(Buffer.from(`= files\n${files}\n= content\n${content.join("")}\n= end\n`), "a target");
  expect([...answer.files]).toEqual([
    ["outputs/b", "right"],
    ["outputs/e", "end"],
  ]);
});
