import{createRequire as __createRequire}from"node:module";import{fileURLToPath as __toPath}from"node:url";import{dirname as __toFolder}from"node:path";const require=__createRequire(import.meta.url);const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);
import {
  SubmissionId,
  openHost,
  readInputs,
  readRoute,
  stopWith,
  takeBackSubmission
} from "./chunk-NKLV4ZK2.js";
import "./chunk-3YIHOVZP.js";

// src/post.ts
import { fileURLToPath } from "node:url";
var host = openHost();
var id = SubmissionId.safeParse(host.readState("submission"));
if (id.success && host.readState("submitted") !== "true") {
  const token = host.readState("token");
  host.addMask(token);
  try {
    const route = readRoute(host, readInputs(host), fileURLToPath(new URL("./target", import.meta.url)));
    const count = await takeBackSubmission(route, { id: id.data, token }, "the workflow was interrupted");
    host.printLine(`${id.data}: the submission is taken back, ${count} jobs are closed as cancelled`);
  } catch (error) {
    await stopWith(host, error);
  }
}
process.exit();
