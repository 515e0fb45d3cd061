import { app } from "./app.ts";

export { BudgetObject } from "./budget/budget-object.ts";
export { RepositoryObject } from "./repository/repository-object.ts";
export { SubmissionObject } from "./submission-object.ts";
export default { fetch: app.fetch };
