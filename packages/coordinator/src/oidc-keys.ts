// The issuer's signing keys. Anyone may send a token that names a key that nobody knows: asking the issuer for it must stay
// within bounds, also while the issuer is down (jose's own bound counts from the last success alone).
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

/** What the keys are fetched with, and the time in milliseconds. */
export interface KeySource {
  fetchKeys(): Promise<JSONWebKeySet>;
  now(): number;
}

/** Keys that are older are fetched again; what is known is used meanwhile. */
const MAX_AGE_MS = 10 * 60_000;
/** Between two fetches, whatever is asked for. */
const PAUSE_MS = 60_000;
/** The same while there are no keys at all: then nobody can register. */
const EMPTY_PAUSE_MS = 5_000;

/** Opens the keys of an issuer; nothing is fetched before the first token. */
export function openKeys(source: KeySource): JWTVerifyGetKey {
  let keys: { readonly find: JWTVerifyGetKey; readonly at: number } | undefined;
  let askedAt = -Infinity;
  let failure: unknown;
  const mayAsk = (): boolean => source.now() - askedAt >= PAUSE_MS;
  const load = async (): Promise<JWTVerifyGetKey> => {
    const at = source.now();
    askedAt = at;
    const find = createLocalJWKSet(await source.fetchKeys());
    keys = { find, at };
    return find;
  };
  return async (header, token) => {
    if (keys === undefined) {
      // Without a failure before, requests that come at the same time each ask: one cannot wait for another's I/O in workerd.
      if (failure !== undefined && source.now() - askedAt < EMPTY_PAUSE_MS) throw failure;
      await load().catch((thrown: unknown) => {
        failure = thrown;
        throw thrown;
      });
    } else if (source.now() - keys.at >= MAX_AGE_MS && mayAsk()) {
      await load().catch(ignore);
    }
    const known = keys;
    if (known === undefined) throw failure;
    try {
      return await known.find(header, token);
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSNoMatchingKey) || !mayAsk()) throw thrown;
      return (await load())(header, token);
    }
  };
}

/** The issuer does not answer: the keys that are known are still its keys. */
function ignore(): void {}
