// The door for whoever goes to a target: `import { openTransport } from "@repx/core/target"`. It brings SSH along.
export { chooseTarget, type Target } from "./target/config/config.ts";
export { readConfig } from "./target/config/find-config.ts";
export { showWord } from "./target/command/quote.ts";
export { openLasting } from "./target/transport/lasting.ts";
export { normalizeTargetPath } from "./target/config/target-path.ts";
export {
  openTransport,
  type Credentials,
  type Output,
  type Terminal,
  type Transport,
} from "./target/transport/transport.ts";
