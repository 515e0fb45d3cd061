import { expect, test } from "vitest";
import { parseCoordinatorOrigin } from "./coordinator-origin.ts";

test.each([
  ["https://repx.example.org", "https://repx.example.org"],
  ["HTTPS://Repx.example.org:8443/", "https://repx.example.org:8443"],
  ["http://127.0.0.1:8787/", "http://127.0.0.1:8787"],
  ["http://localhost", "http://localhost"],
  ["http://[::1]:80", "http://[::1]"],
])("takes %s", (text, origin) => {
  expect(parseCoordinatorOrigin(text, "--coordinator")).toBe(origin);
});

test.each([
  ["repx.example.org", "--coordinator is not a web address: repx.example.org"],
  ["ftp://repx.example.org", "is not a web address"],
  ["https://repx.example.org/repx", "is more than the address of a host"],
  ["https://repx.example.org/?a", "is more than"],
  ["https://:pass@repx.example.org", "is more than"],
  ["http://repx.example.org", "--coordinator is not encrypted: http://repx.example.org"],
  ["http://127.0.0.1.example.org", "is not encrypted"],
])("refuses %s", (text, message) => {
  expect(() => parseCoordinatorOrigin(text, "--coordinator")).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringContaining(message) }),
  );
});
