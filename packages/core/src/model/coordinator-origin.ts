import { RepxError } from "./errors.ts";

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** Parses a coordinator's address into its origin; INPUT_INVALID names the input, `name`, that has it. */
export function parseCoordinatorOrigin(text: string, name: string): string {
  const url = URL.parse(text);
  const refuse = (why: string, hint: string): RepxError =>
    new RepxError("INPUT_INVALID", `${name} ${why}: ${text}`, { hint });
  const example = "Write where your coordinator is, for instance https://repx.example.org.";
  if (url === null || !/^https?:$/.test(url.protocol)) throw refuse("is not a web address", example);
  // A coordinator lies at the top of its host, and a password in an address would be logged.
  if (url.pathname !== "/" || url.search !== "" || url.username !== "" || url.password !== "") {
    throw refuse("is more than the address of a host", example);
  }
  if (url.protocol === "http:" && !LOOPBACK.includes(url.hostname)) {
    throw refuse(
      "is not encrypted",
      "Use https://; plain http would show the submission's token to the network. It is accepted on this host's loopback alone.",
    );
  }
  return url.origin;
}
