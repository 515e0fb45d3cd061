import { RepxError } from "@repx/core/model";
import * as z from "zod";
import type { SetupConfig } from "../config.ts";
import { readAnswer } from "./answers.ts";
import { fetchInTime } from "./fetch-in-time.ts";

const NewApp = z.object({
  id: z.int().positive(),
  html_url: z.url(),
  pem: z.string().min(1),
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  webhook_secret: z.string().min(1),
});
/** An App that was just made, with its secrets. */
export type NewApp = z.infer<typeof NewApp>;

/** Exchanges the code that GitHub gave after making the App for its secrets; GitHub does so once, within an hour. */
export async function convertManifest(config: SetupConfig, code: string): Promise<NewApp> {
  const url = `${config.GITHUB_API_URL}/app-manifests/${encodeURIComponent(code)}/conversions`;
  const headers = { accept: "application/vnd.github+json", "user-agent": "repx-coordinator" };
  const response = await fetchInTime(url, { method: "POST", headers, redirect: "manual" });
  if (!response.ok) {
    throw new RepxError("AUTH_SETUP_REFUSED", `GitHub did not hand out the App's secrets (${response.status})`, {
      hint: "The code is good once, for an hour. Delete the App at GitHub if it is there, and begin again at /setup.",
    });
  }
  return readAnswer(NewApp, await response.json(), "a new App");
}
