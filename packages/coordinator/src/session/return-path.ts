/** Reads where to go after signing in: a path of our own origin, or `/` for anything else. */
export function parseReturnPath(text: string | undefined, origin: string): string {
  // Browsers read a backslash as a slash, and pass over tabs and line breaks: `/\evil.example` leaves our origin.
  if (text === undefined || !/^\/[\u0021-\u007e]*$/.test(text) || text.includes("\\")) return "/";
  const url = URL.parse(text, origin);
  if (url === null || url.origin !== new URL(origin).origin) return "/";
  // Dots were resolved only now: `/..//evil.example` has become `//evil.example`.
  return url.pathname.startsWith("//") ? "/" : `${url.pathname}${url.search}`;
}
