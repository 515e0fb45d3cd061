import { expect, test } from "vitest";
import { pickLoginEnvironment } from "./login-environment.ts";

test("a target on this machine gets what a login has, and nothing of the workflow", () => {
  const login = {
    PATH: "/usr/bin",
    HOME: "/home/ada",
    LC_ALL: "C.UTF-8",
    SLURM_CONF: "/etc/slurm.conf",
    REPX_SPOOL: "/spool",
  };
  const workflow = { GITHUB_TOKEN: "ghs_secret", RUNNER_TRACKING_ID: "github_1", MY_PASSWORD: "x", XPATH: "y" };
  expect(pickLoginEnvironment({ ...login, ...workflow })).toEqual(login);
});
