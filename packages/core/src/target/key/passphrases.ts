import { RepxError } from "../../model/errors.ts";
import { parsePrivateKey, type PrivateKey } from "./private-key.ts";

/** Where the passphrases of encrypted keys come from. */
export interface Passphrases {
  readonly canAsk: boolean;
  /** Unlocks an encrypted key; rejects with SSH_KEY_INVALID when no passphrase that was given fits. */
  unlock(text: string, source: string): Promise<PrivateKey>;
}

/** As ssh does (NumberOfPasswordPrompts). */
const QUESTIONS = 3;

/**
 * Takes the passphrase that was given, then asks, for one key at a time; who gives no answer is not asked for this key
 * again, and nobody is asked once the signal has aborted.
 */
export function startPassphrases(
  given: string | undefined,
  ask: ((what: string) => Promise<string | undefined>) | undefined,
  signal: AbortSignal,
): Passphrases {
  let turn: Promise<unknown> = Promise.resolve();
  const unlock = async (text: string, source: string): Promise<PrivateKey> => {
    let failure: unknown;
    const attempt = (passphrase: string | undefined): PrivateKey | undefined => {
      try {
        return parsePrivateKey(text, passphrase, source);
      } catch (error) {
        if (!(error instanceof RepxError)) throw error;
        failure = error;
        return undefined;
      }
    };
    const key = attempt(given);
    if (key !== undefined) return key;
    for (let question = 0; question < QUESTIONS && !signal.aborted; question++) {
      const answer = await ask?.(source);
      if (answer === undefined) break;
      const unlocked = attempt(answer);
      if (unlocked !== undefined) return unlocked;
    }
    throw failure;
  };
  return {
    canAsk: ask !== undefined,
    async unlock(text, source) {
      const mine = turn.then(async () => unlock(text, source));
      turn = mine.catch(() => {});
      return mine;
    },
  };
}
