import { RepxError } from "@repx/core/model";
import * as z from "zod";
import type { Config } from "../config.ts";
import { readAnswer } from "./answers.ts";
import { openAppClient, splitRepository } from "./app-client.ts";
import { readStatus } from "./failure.ts";
import { findInstallation } from "./installation.ts";

const Numbered = z.object({ id: z.int().positive() });

/** Reads GitHub's number of a repository, by which its index is kept; undefined where our App is not installed. */
export async function readRepositoryNumber(config: Config, repository: string): Promise<string | undefined> {
  try {
    const { id } = await findInstallation(config, repository);
    const { data } = await openAppClient(config, id).rest.repos.get(splitRepository(repository));
    return String(readAnswer(Numbered, data, "a repository").id);
  } catch (thrown) {
    if (thrown instanceof RepxError && thrown.code === "AUTH_APP_NOT_INSTALLED") return undefined;
    if (readStatus(thrown) === 404) return undefined;
    throw thrown;
  }
}
