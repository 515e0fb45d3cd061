/** Tells whether a pattern with `*` and `?` matches a whole text, in time linear in both but for restarts at the last `*`. */
export function matchGlob(pattern: string, text: string): boolean {
  let [at, position, star, restart] = [0, 0, -1, 0];
  while (position < text.length) {
    if (pattern[at] === "*") {
      star = at++;
      restart = position;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[position])) {
      at++;
      position++;
    } else if (star === -1) {
      return false;
    } else {
      at = star + 1;
      position = ++restart;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}
