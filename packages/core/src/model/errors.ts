/** What a code promises: the exit status of a program that stops with it, and whether trying again may help. */
export interface CodeInfo {
  readonly exit: 2 | 3 | 4 | 5;
  readonly retry: boolean;
}

/**
 * Every failure a person can act on, by AREA_REASON. A code never changes its meaning.
 * Exit 2: the caller's input; 3: the way to the target; 4: the scheduler or a job's set-up; 5: a service.
 */
export const CODES = {
  INPUT_MISSING: { exit: 2, retry: false },
  INPUT_INVALID: { exit: 2, retry: false },
  CONFIG_MISSING: { exit: 2, retry: false },
  CONFIG_INVALID: { exit: 2, retry: false },
  CONFIG_TARGET_UNKNOWN: { exit: 2, retry: false },
  LAB_MISSING: { exit: 2, retry: false },
  LAB_INVALID: { exit: 2, retry: false },
  LAB_RUN_UNKNOWN: { exit: 2, retry: false },
  LAB_JOB_UNKNOWN: { exit: 2, retry: false },
  LAB_JOB_AMBIGUOUS: { exit: 2, retry: false },
  LAB_STORE_PATH_MISSING: { exit: 2, retry: false },
  PLAN_EMPTY: { exit: 2, retry: false },
  PICTURE_TOO_LARGE: { exit: 2, retry: false },
  NIX_MISSING: { exit: 2, retry: false },
  NIX_BUILD_FAILED: { exit: 2, retry: false },
  SSH_UNREACHABLE: { exit: 3, retry: true },
  SSH_TIMEOUT: { exit: 3, retry: true },
  SSH_CONNECTION_LOST: { exit: 3, retry: true },
  SSH_PROXY_COMMAND: { exit: 2, retry: false },
  SSH_HOST_KEY_UNKNOWN: { exit: 2, retry: false },
  SSH_HOST_KEY_MISMATCH: { exit: 2, retry: false },
  SSH_KEY_INVALID: { exit: 2, retry: false },
  SSH_KEY_REFUSED: { exit: 2, retry: false },
  SSH_LOGIN_SHELL_FAILED: { exit: 2, retry: false },
  SSH_COMMAND_FAILED: { exit: 3, retry: false },
  SYNC_BASE_PATH_NOT_WRITABLE: { exit: 2, retry: false },
  SYNC_BASE_PATH_SPLIT: { exit: 2, retry: false },
  SYNC_FAILED: { exit: 3, retry: true },
  SYNC_SOURCE_UNSUPPORTED: { exit: 2, retry: false },
  SYNC_SOURCE_UNREADABLE: { exit: 2, retry: false },
  SYNC_SOURCE_CHANGED: { exit: 2, retry: true },
  SYNC_NO_SPACE: { exit: 2, retry: false },
  SYNC_TOO_LARGE: { exit: 2, retry: false },
  SYNC_UNSAFE_NAME: { exit: 3, retry: false },
  SYNC_DESTINATION_NOT_WRITABLE: { exit: 2, retry: false },
  GC_BUSY: { exit: 2, retry: true },
  GC_ROOT_UNKNOWN: { exit: 2, retry: false },
  GC_ROOT_UNREADABLE: { exit: 2, retry: false },
  SLURM_MISSING: { exit: 2, retry: false },
  SLURM_UNREACHABLE: { exit: 4, retry: true },
  SLURM_UNSATISFIABLE: { exit: 2, retry: false },
  SLURM_REJECTED: { exit: 4, retry: false },
  SLURM_BUSY: { exit: 4, retry: true },
  SUBMISSION_OPEN: { exit: 4, retry: false },
  SUBMISSION_UNKNOWN: { exit: 2, retry: false },
  SUBMISSION_UNREADABLE: { exit: 4, retry: false },
  RUNTIME_NOT_OFFERED: { exit: 2, retry: false },
  RUNTIME_IMAGE_MISSING: { exit: 2, retry: false },
  RUNTIME_PATH_UNSUPPORTED: { exit: 2, retry: false },
  LOCAL_REJECTED: { exit: 4, retry: false },
  LOCAL_AGENT_FAILED: { exit: 4, retry: true },
  AUTH_ID_TOKEN_MISSING: { exit: 2, retry: false },
  AUTH_OIDC_INVALID: { exit: 2, retry: false },
  AUTH_AUDIENCE_WRONG: { exit: 2, retry: false },
  AUTH_APP_NOT_INSTALLED: { exit: 2, retry: false },
  AUTH_TOKEN_INVALID: { exit: 2, retry: false },
  AUTH_SIGNATURE_INVALID: { exit: 2, retry: false },
  AUTH_SIGN_IN_FAILED: { exit: 2, retry: true },
  AUTH_SIGN_IN_REQUIRED: { exit: 2, retry: false },
  AUTH_SETUP_REFUSED: { exit: 2, retry: true },
  COORD_UNREACHABLE: { exit: 5, retry: true },
  COORD_ANSWER_INVALID: { exit: 5, retry: false },
  COORD_REQUEST_INVALID: { exit: 2, retry: false },
  COORD_REQUEST_TOO_LARGE: { exit: 2, retry: false },
  COORD_NOT_FOUND: { exit: 2, retry: false },
  COORD_NOT_CONFIGURED: { exit: 2, retry: false },
  COORD_BUSY: { exit: 5, retry: true },
  COORD_INTERNAL: { exit: 5, retry: true },
  GITHUB_REFUSED: { exit: 5, retry: false },
  GITHUB_UNREACHABLE: { exit: 5, retry: true },
} as const satisfies Record<string, CodeInfo>;

/** A code of the table. */
export type Code = keyof typeof CODES;

/** What a RepxError may carry beside its message. */
export interface ErrorContext {
  /** The next action of the person who reads it, with a command where possible. */
  readonly hint: string;
  /** What was caught, kept for the stack. */
  readonly cause?: unknown;
  /** Data about the failure: an Output, a JSON pointer, a list of candidates. Never a secret. */
  readonly details?: unknown;
}

/** Every failure a person can act on. Anything else that is thrown is a bug in this project. */
export class RepxError extends Error {
  override readonly name = "RepxError";
  readonly code: Code;
  readonly hint: string;
  readonly details: unknown;

  constructor(code: Code, message: string, context: ErrorContext) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.hint = context.hint;
    this.details = context.details;
  }
}

/** Tells whether a text is a code of the table. */
export function isCode(text: string): text is Code {
  return Object.hasOwn(CODES, text);
}
