/** Names a person in Markdown without calling them: a mention would mail everyone who is told about. */
export function renderPerson(login: string): string {
  return `@\u200b${login.replaceAll("_", "\\_").replace("[bot]", " (bot)")}`;
}
