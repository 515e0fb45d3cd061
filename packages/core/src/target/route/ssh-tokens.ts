import { join, resolve } from "node:path";
import { RepxError } from "../../model/errors.ts";

/** A word of ssh_config and the file that has it. */
export interface Said {
  readonly value: string;
  readonly source: string;
}

/** What a path of ssh_config may refer to. */
export interface PathContext {
  readonly home: string;
  /** Values of %-tokens by letter. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

/** Replaces `%x` by the values of tokens, and `${NAME}` where an environment is given; refuses what is not known. */
export function expandTokens(
  { value, source }: Said,
  keyword: string,
  tokens: Readonly<Record<string, string>>,
  environment?: Readonly<Record<string, string>>,
): string {
  return value.replaceAll(/%(.?)|\$\{([^}]*)\}/gu, (whole, letter: string | undefined, name: string | undefined) => {
    if (letter === undefined && environment === undefined) return whole;
    const found = letter === undefined ? environment?.[name ?? ""] : letter === "%" ? "%" : tokens[letter];
    if (found !== undefined) return found;
    throw new RepxError("CONFIG_INVALID", `${source}: ${keyword} is ${JSON.stringify(value)}: ${whole} is not known`, {
      hint:
        letter === undefined
          ? `Set the environment variable ${name ?? ""}, or write its value.`
          : `Write the value; known here: %%, ${Object.keys(tokens)
              .map((token) => `%${token}`)
              .join(", ")}.`,
    });
  });
}

/** Makes a path of ssh_config absolute: `~` first, then tokens, as ssh.c does. */
export function expandPath(said: Said, keyword: string, context: PathContext): string {
  const { value, source } = said;
  if (value.startsWith("~") && value !== "~" && !value.startsWith("~/")) {
    throw new RepxError("CONFIG_INVALID", `${source}: ${keyword} is ${JSON.stringify(value)}`, {
      hint: "Write the absolute path; homes of other users are not looked up.",
    });
  }
  const path = expandTokens(
    { value: value.replace(/^~(?=\/|$)/, ""), source },
    keyword,
    context.tokens,
    context.environment,
  );
  return value.startsWith("~") ? join(context.home, path) : resolve(path);
}
