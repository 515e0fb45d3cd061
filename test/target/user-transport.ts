import { openLocal } from "../../packages/core/src/target/transport/local.ts";
import type { Transport } from "../../packages/core/src/target/transport/transport.ts";
import type { ClusterUser } from "../harness/cluster-user.ts";
import { SYSTEM_PATH } from "../harness/command.ts";

/** Opens this machine as a target whose commands run as the cluster's user. */
export async function openUserTransport(
  user: ClusterUser,
  environment: Readonly<Record<string, string>>,
): Promise<Transport> {
  const local = await openLocal({ environment: { PATH: SYSTEM_PATH, HOME: user.home, ...environment } });
  const become = ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  return { ...local, run: async (request) => local.run({ ...request, argv: [...become, ...request.argv] }) };
}
