// The door of the command line, for what writes its reference.
export { COMMON_FLAGS, type Command } from "./command.ts";
export { COMMANDS } from "./commands.ts";
export { explainFlag, listFlags, nameOperand, renderUsage } from "./render-help.ts";
