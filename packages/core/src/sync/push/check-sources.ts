import { lstat } from "node:fs/promises";
import { posix } from "node:path";
import { RepxError } from "../../model/errors.ts";
import type { PushItem } from "./push-item.ts";

/** Checks that everything to be sent is there; LAB_STORE_PATH_MISSING names a store path that is not. */
export async function checkSources(items: readonly PushItem[]): Promise<void> {
  for (const { source, destination } of items) {
    const found = await lstat(source).catch(() => undefined);
    if (found !== undefined) continue;
    const isStore = destination.startsWith("artifacts/store/");
    throw new RepxError(isStore ? "LAB_STORE_PATH_MISSING" : "SYNC_FAILED", `${source} is not on this machine`, {
      hint: isStore
        ? `Build the Lab on this machine, or fetch the path: \`nix-store --realise /nix/store/${posix.basename(source)}\`.`
        : "Build the Lab again; something removed a part of it.",
    });
  }
}
