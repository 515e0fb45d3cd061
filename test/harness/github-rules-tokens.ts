// Who asks: the emulator takes any unknown token for a default user's, GitHub answers 401.
import * as z from "zod";
import { type RulesAnswer, type RulesRequest, renderRefusal } from "./github-rules-request.ts";

/** Whose token it is. */
export type Bearer =
  | { readonly kind: "app"; readonly appId: number }
  | {
      readonly kind: "installation";
      readonly appId: number;
      readonly permissions: Readonly<Record<string, string>>;
      /** Milliseconds. */
      readonly expiresAt: number;
      /** A token that the emulator does not know goes there as this one. */
      readonly forwardAs?: string;
    }
  | { readonly kind: "person" };

/** What GitHub knows of tokens. */
export interface TokenBook {
  add(token: string, bearer: Bearer): void;
  /** Finds whose token a request has; a refusal when it is nobody's, or an App's that is good for too long. */
  identify(request: RulesRequest): Bearer | { readonly refusal: RulesAnswer };
  /** Learns the token that an answer hands out. */
  learn(request: RulesRequest, answer: RulesAnswer): void;
  /** Forgets a token; it is nobody's from now on. */
  revoke(token: string): void;
}

/** "The time ... must be no more than 10 minutes into the future" (docs.github.com, "Generating a JWT for a GitHub App"). */
const MAX_JWT_SECONDS = 600;

const Payload = z.object({ iss: z.union([z.string(), z.number()]), exp: z.number() });
const InstallationToken = z.object({
  token: z.string(),
  expires_at: z.string(),
  permissions: z.record(z.string(), z.string()).default({}),
});
const UserToken = z.object({ access_token: z.string() });

/** Opens the book with the people's tokens. */
export function openTokenBook(people: readonly string[], now: () => number): TokenBook {
  const book = new Map<string, Bearer>(people.map((token) => [token, { kind: "person" }]));
  return {
    add: (token, bearer) => {
      book.set(token, bearer);
    },
    identify: ({ token }) => {
      if (token === undefined) return { refusal: renderRefusal(401, "Requires authentication") };
      if (token.split(".").length === 3) return readJwt(token, now());
      const bearer = book.get(token);
      const isOver = bearer?.kind === "installation" && bearer.expiresAt <= now();
      return bearer === undefined || isOver ? { refusal: renderRefusal(401, "Bad credentials") } : bearer;
    },
    learn: ({ path, token, headers }, answer) => {
      if (answer.status === 201 && /^\/app\/installations\/\d+\/access_tokens$/.test(path)) {
        const { token: made, expires_at: expires, permissions } = InstallationToken.parse(JSON.parse(answer.body));
        const app = token === undefined ? undefined : readJwt(token, now());
        if (app === undefined || "refusal" in app || app.kind !== "app") return;
        book.set(made, { kind: "installation", appId: app.appId, permissions, expiresAt: Date.parse(expires) });
      }
      if (answer.status === 200 && path === "/login/oauth/access_token") {
        const made = readUserToken(answer.body, headers["accept"] ?? "");
        if (made !== undefined) book.set(made, { kind: "person" });
      }
    },
    revoke: (token) => {
      book.delete(token);
    },
  };
}

/** Reads an App's JWT; its signature is the emulator's to check. */
function readJwt(token: string, now: number): Bearer | { readonly refusal: RulesAnswer } {
  const payload = Payload.safeParse(parseJson(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())).data;
  if (payload === undefined) {
    return { refusal: renderRefusal(401, "A JSON web token could not be decoded") };
  }
  if (payload.exp > now / 1000 + MAX_JWT_SECONDS) {
    return { refusal: renderRefusal(401, "'Expiration time' claim ('exp') is too far in the future") };
  }
  return { kind: "app", appId: Number(payload.iss) };
}

function readUserToken(body: string, accept: string): string | undefined {
  const form = Object.fromEntries(new URLSearchParams(body));
  return UserToken.safeParse(accept.includes("json") ? parseJson(body) : form).data?.access_token;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
