// Which Labs were found to be as their manifests say, so that they are not hashed again: one small file a Lab in the cache
// folder. It is only believed while the stamp of all files is what it was.
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
// A script's author hands no environment in: this is the one place of the core that asks for it.
import { env, getuid } from "node:process";
import * as z from "zod";
import type { LabSource } from "../source/lab-source.ts";
import { verifyLab, type VerifiableLab } from "./verify-lab.ts";

/** What verifying found; the files were not read again when it is cached. */
export interface Verification {
  readonly files: number;
  readonly isCached: boolean;
}

const WRITABLE_BY_OTHERS = 0o022;

const Verified = z.object({ manifest: z.string(), stamp: z.string(), files: z.int() });

/** The folder of cached findings: `$XDG_CACHE_HOME/repx/verified`. */
export function locateCache(): string {
  const home = env["XDG_CACHE_HOME"] ?? "";
  // The XDG Base Directory Specification has a relative path ignored.
  return join(home.startsWith("/") ? home : join(homedir(), ".cache"), "repx", "verified");
}

/** Verifies a Lab unless that was done before and no file was touched since. LAB_INVALID names the files that differ. */
export async function verifyOnce(
  opened: { readonly source: LabSource; readonly lab: VerifiableLab },
  cache: string,
): Promise<Verification> {
  const { source, lab } = opened;
  const paths = lab.manifest.files.map(({ path }) => path);
  const manifest = hashText(JSON.stringify(lab.manifest));
  const file = join(cache, `${hashText(`${source.kind} ${await source.stamp([])}`)}.json`);
  const stamp = await source.stamp(paths);
  const known = await readVerified(file);
  if (known?.manifest === manifest && known.stamp === stamp) return { files: known.files, isCached: true };
  const { files } = await verifyLab(opened);
  // Something that changed in the meantime may have been read before or after.
  if ((await source.stamp(paths)) === stamp) await writeVerified(cache, file, { manifest, stamp, files });
  return { files, isCached: false };
}

async function readVerified(file: string): Promise<z.infer<typeof Verified> | undefined> {
  try {
    await using handle = await open(file);
    const { uid, mode } = await handle.stat();
    // The folder may be one that others write to; nobody but us says that a Lab is whole.
    if (uid !== getuid?.() || (mode & WRITABLE_BY_OTHERS) !== 0) return undefined;
    return Verified.parse(JSON.parse(await handle.readFile("utf8")));
  } catch {
    // Not there, or not readable: then the Lab is verified again.
    return undefined;
  }
}

async function writeVerified(cache: string, file: string, found: z.infer<typeof Verified>): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(cache, { recursive: true, mode: 0o700 });
    await writeFile(draft, JSON.stringify(found), { mode: 0o600 });
    await rename(draft, file);
  } catch {
    // A cache that cannot be written (a full disk, a read-only home) costs time and nothing else.
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
