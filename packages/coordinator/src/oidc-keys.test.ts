import { exportJWK, generateKeyPair, type CryptoKey, type JSONWebKeySet } from "jose";
import { expect, test } from "vitest";
import { openKeys } from "./oidc-keys.ts";

const MINUTE_MS = 60_000;

/** An issuer whose keys, clock and health a test sets; it counts how often it was asked. */
async function startIssuer(kids: readonly string[]) {
  const pair = await generateKeyPair("RS256", { extractable: true });
  const jwk = await exportJWK(pair.publicKey);
  const state = { kids, now: 1_000_000, isDown: false, fetches: 0 };
  const keys = openKeys({
    now: () => state.now,
    fetchKeys: async (): Promise<JSONWebKeySet> => {
      state.fetches += 1;
      if (state.isDown) throw new Error("the issuer is down");
      return { keys: state.kids.map((kid) => ({ ...jwk, kid, alg: "RS256", use: "sig" })) };
    },
  });
  const find = async (kid: string): Promise<CryptoKey | Uint8Array | object> =>
    keys({ alg: "RS256", kid }, { payload: "", signature: "" });
  return { state, find };
}

test("keys are fetched once for many tokens", async () => {
  const { state, find } = await startIssuer(["one"]);
  for (let count = 0; count < 5; count += 1) await find("one");
  expect(state.fetches).toBe(1);
});

test("a key that is new is found by asking again", async () => {
  const { state, find } = await startIssuer(["one"]);
  await find("one");
  state.kids = ["one", "two"];
  state.now += MINUTE_MS;
  await expect(find("two")).resolves.toBeDefined();
  expect(state.fetches).toBe(2);
});

test("tokens with invented keys make the issuer be asked once a minute at most", async () => {
  const { state, find } = await startIssuer(["one"]);
  await find("one");
  for (let second = 0; second < 600; second += 1) {
    state.now += 1_000;
    await find(`invented-${second}`).catch(() => undefined);
  }
  expect(state.fetches).toBeLessThanOrEqual(11);
  await expect(find("one")).resolves.toBeDefined();
});

test("the bound holds while the issuer is down, and known keys stay good", async () => {
  const { state, find } = await startIssuer(["one"]);
  await find("one");
  state.isDown = true;
  for (let second = 0; second < 1200; second += 1) {
    state.now += 1_000;
    await find(second % 2 === 0 ? "invented" : "one").catch(() => undefined);
  }
  expect(state.fetches).toBeLessThanOrEqual(21);
  await expect(find("one")).resolves.toBeDefined();
});

test("without any key, a failure is remembered for seconds and then asked about again", async () => {
  const { state, find } = await startIssuer(["one"]);
  state.isDown = true;
  for (let count = 0; count < 10; count += 1) await expect(find("one")).rejects.toThrow("the issuer is down");
  expect(state.fetches).toBe(1);
  state.isDown = false;
  state.now += 5_000;
  await expect(find("one")).resolves.toBeDefined();
});

test("a key that the issuer withdrew is refused within minutes", async () => {
  const { state, find } = await startIssuer(["one", "two"]);
  await find("two");
  state.kids = ["one"];
  state.now += 10 * MINUTE_MS;
  await expect(find("two")).rejects.toThrow(/no applicable key/);
});
