// Proof Key for Code Exchange (RFC 7636), which the emulator passes over: who turns a code into a token must know the
// text whose hash was shown when the code was asked for.
import { createHash } from "node:crypto";
import * as z from "zod";
import { type RulesAnswer, type RulesRequest, renderJson, renderRefusal } from "./github-rules-request.ts";

export interface OauthRules {
  /** Refuses a request to /login/oauth; undefined when the emulator may answer it. */
  admit(request: RulesRequest): RulesAnswer | undefined;
  /** Notes for which challenge an answer hands out a code. */
  note(request: RulesRequest, answer: RulesAnswer): void;
}

const Exchange = z.looseObject({ code: z.string().optional(), code_verifier: z.string().optional() });

/** Opens the rules; challenges are known by the state that they came with. */
export function openOauthRules(): OauthRules {
  const challenges = new Map<string, string>();
  const codes = new Map<string, string>();
  return {
    admit: (request) => {
      if (request.path === "/login/oauth/authorize") {
        const [challenge, state] = [request.query.get("code_challenge"), request.query.get("state") ?? ""];
        if (challenge === null) return undefined;
        if (request.query.get("code_challenge_method") !== "S256" || !/^[\w-]{43}$/.test(challenge)) {
          return renderRefusal(400, "code_challenge_method must be S256");
        }
        challenges.set(state, challenge);
      }
      return request.path === "/login/oauth/access_token" ? checkVerifier(request, codes) : undefined;
    },
    note: ({ path }, { headers }) => {
      if (path !== "/login/oauth/callback" || headers["location"] === undefined) return;
      const { searchParams: back } = new URL(headers["location"], "http://github.test");
      const challenge = challenges.get(back.get("state") ?? "");
      if (challenge !== undefined) codes.set(back.get("code") ?? "", challenge);
    },
  };
}

function checkVerifier({ body, headers }: RulesRequest, codes: Map<string, string>): RulesAnswer | undefined {
  const isJson = headers["content-type"]?.includes("json") === true;
  const text = body.toString();
  const asked = Exchange.safeParse(isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text))).data;
  const challenge = codes.get(asked?.code ?? "");
  if (challenge === undefined) return undefined;
  const shown = createHash("sha256")
    .update(asked?.code_verifier ?? "")
    .digest("base64url");
  if (shown === challenge) return undefined;
  // As GitHub does with every wrong code: status 200, and an error in the body.
  const description = "The code passed is incorrect or expired.";
  return renderJson(200, { error: "bad_verification_code", error_description: description });
}
