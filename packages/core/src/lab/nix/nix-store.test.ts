import { expect, test } from "vitest";
import { parseStoreRoot } from "./nix-store.ts";

test.each([
  ["auto", "/"],
  ["daemon", "/"],
  ["/chroot/", "/chroot"],
  ["/chroot?trusted=1", "/chroot"],
  ["local?root=/chroot", "/chroot"],
  ["local?root=%2Fa%20b", "/a b"],
  ["local://", "/"],
  ["local:///chroot/", "/chroot"],
  ["local:///a%20b", "/a b"],
  ["local://?read-only=true&root=/chroot", "/chroot"],
  ["ssh://host?root=/x", "/"],
])("reads from the store setting %j the root %j", (setting, root) => {
  expect(parseStoreRoot(setting)).toBe(root);
});
