/** Renders words as one POSIX shell command that means exactly these words; every word is single-quoted. */
export function quoteShell(argv: readonly string[]): string {
  return argv.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  // No argument of execve(2) can hold a NUL; a shell would drop it or cut the word there.
  if (word.includes("\0")) throw new TypeError(`a NUL cannot be part of an argument: ${JSON.stringify(word)}`);
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Renders a word of a command that is shown to be copied: a plain one as it is, for it is read more easily. */
export function showWord(word: string): string {
  return /^[\w./@:,][\w./@:,+-]*$/.test(word) ? word : quoteShell([word]);
}
