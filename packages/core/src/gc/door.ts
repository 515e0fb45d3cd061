// The door for what a target keeps of earlier Labs: `import { nameProject } from "@repx/core/gc"`.
export { nameProject } from "./name-project.ts";
