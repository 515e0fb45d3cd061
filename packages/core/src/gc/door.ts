// The door for what a target keeps of earlier Labs: `import { collectGarbage } from "@repx/core/gc"`.
export { collectGarbage, readRoots, type GcRequest } from "./collect-garbage.ts";
export { countFreed, type GcReport, type GcRoot, type RootState } from "./gc-report.ts";
export { findLab, pinLab, unpinLab, type Pin } from "./pin.ts";
export { nameProject } from "./name-project.ts";
