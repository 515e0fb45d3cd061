// How a failure leaves the coordinator: `{error: {code, message, hint}}` with a status. What is not meant for the
// caller (a bug, a bad configuration) leaves as an id; the log has the cause under it.
import { RepxError, type Code, type ErrorAnswer } from "@repx/core/model";
import { describeThrown, writeLog } from "./log.ts";

/** The codes that a caller of the coordinator may meet. */
export type CoordinatorCode = Extract<
  Code,
  | "AUTH_OIDC_INVALID"
  | "AUTH_AUDIENCE_WRONG"
  | "AUTH_APP_NOT_INSTALLED"
  | "AUTH_TOKEN_INVALID"
  | "AUTH_SIGNATURE_INVALID"
  | "AUTH_SIGN_IN_FAILED"
  | "AUTH_SIGN_IN_REQUIRED"
  | "AUTH_SETUP_REFUSED"
  | "COORD_REQUEST_INVALID"
  | "COORD_REQUEST_TOO_LARGE"
  | "COORD_NOT_FOUND"
  | "COORD_NOT_CONFIGURED"
  | "COORD_BUSY"
  | "COORD_INTERNAL"
  | "GITHUB_REFUSED"
  | "GITHUB_UNREACHABLE"
>;

const STATUS = {
  AUTH_OIDC_INVALID: 401,
  AUTH_AUDIENCE_WRONG: 401,
  AUTH_APP_NOT_INSTALLED: 403,
  AUTH_TOKEN_INVALID: 401,
  AUTH_SIGNATURE_INVALID: 401,
  AUTH_SIGN_IN_FAILED: 401,
  AUTH_SIGN_IN_REQUIRED: 401,
  AUTH_SETUP_REFUSED: 401,
  COORD_REQUEST_INVALID: 400,
  COORD_REQUEST_TOO_LARGE: 413,
  COORD_NOT_FOUND: 404,
  COORD_NOT_CONFIGURED: 501,
  COORD_BUSY: 429,
  COORD_INTERNAL: 500,
  GITHUB_REFUSED: 502,
  GITHUB_UNREACHABLE: 503,
} as const satisfies Record<CoordinatorCode, number>;

/** A refusal, ready to be sent. */
export interface Refusal {
  readonly status: (typeof STATUS)[CoordinatorCode];
  readonly body: ErrorAnswer;
}

/** Turns whatever was thrown into an answer; what the caller cannot act on is logged under `id` and answered as 500. */
export function renderRefusal(thrown: unknown, id: string): Refusal {
  if (thrown instanceof RepxError && isCoordinatorCode(thrown.code)) {
    const { code, message, hint } = thrown;
    return { status: STATUS[code], body: { error: { code, message, hint } } };
  }
  const code = thrown instanceof RepxError ? thrown.code : undefined;
  writeLog("failure", { id, code, cause: describeThrown(thrown) });
  const message = `the coordinator could not answer (${id})`;
  const hint = "Try again; if it stays so, look for this id in the coordinator's log.";
  return { status: STATUS.COORD_INTERNAL, body: { error: { code: "COORD_INTERNAL", message, hint } } };
}

function isCoordinatorCode(code: Code): code is CoordinatorCode {
  return Object.hasOwn(STATUS, code);
}
