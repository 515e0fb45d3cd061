import { app } from "./app.ts";

export { SubmissionObject } from "./submission-object.ts";
export default { fetch: app.fetch };
