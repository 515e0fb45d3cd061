import { RepxError } from "@repx/core/model";
import * as z from "zod";
import type { Config } from "../config.ts";
import { readAnswer } from "./answers.ts";
import { openAppClient, splitRepository } from "./app-client.ts";
import { readStatus } from "./failure.ts";
import { findInstallation } from "./installation.ts";

const Visibility = z.object({ private: z.boolean(), visibility: z.string().optional() });

/** Tells whether everyone may read a repository that our App is installed in; `internal` ones are not public. */
export async function isPublic(config: Config, repository: string): Promise<boolean> {
  try {
    const { id } = await findInstallation(config, repository);
    const { data } = await openAppClient(config, id).rest.repos.get(splitRepository(repository));
    const answer = readAnswer(Visibility, data, "a repository");
    return !answer.private && (answer.visibility ?? "public") === "public";
  } catch (thrown) {
    if (thrown instanceof RepxError && thrown.code === "AUTH_APP_NOT_INSTALLED") return false;
    if (readStatus(thrown) === 404) return false;
    throw thrown;
  }
}
