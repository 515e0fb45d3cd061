import{createRequire as __createRequire}from"node:module";import{fileURLToPath as __toPath}from"node:url";import{dirname as __toFolder}from"node:path";const require=__createRequire(import.meta.url);const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);
import {
  SubmissionId,
  abandonSubmission,
  openHost,
  stopWith
} from "./chunk-L7DMI3NY.js";

// src/post.ts
var host = openHost();
var id = SubmissionId.safeParse(host.readState("submission"));
var isInterrupted = id.success && host.readState("submitted") !== "true" && host.readState("abandoned") !== "true";
if (isInterrupted) {
  const token = host.readState("token");
  host.addMask(token);
  try {
    const count = await abandonSubmission(
      host.readState("coordinator"),
      { id: id.data, token },
      "the workflow was interrupted",
      /* @__PURE__ */ new Date()
    );
    host.printLine(`${id.data}: ${count} jobs that were registered and never submitted are closed as cancelled`);
  } catch (error) {
    await stopWith(host, error);
  }
}
process.exit();
