// The door for whoever goes to a target: `import { openTransport } from "@repx/core/target"`. It brings SSH along.
export { chooseTarget, type Target } from "./target/config.ts";
export { readConfig } from "./target/find-config.ts";
export { showWord } from "./target/quote.ts";
export { openLasting } from "./target/lasting.ts";
export { normalizeTargetPath } from "./target/target-path.ts";
export { openTransport, type Credentials, type Transport } from "./target/transport.ts";
