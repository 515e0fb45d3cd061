const OF_A_LOGIN =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|TZ|LC_.*|SLURM_.*|REPX_.*|MODULEPATH|MODULESHOME|LD_LIBRARY_PATH)$/;

/**
 * Picks what a login on this machine would have. On a target that is this machine, sbatch would hand all of a
 * workflow's environment to the jobs, tokens among it, and the runner ends whatever still bears its
 * RUNNER_TRACKING_ID: the relay.
 */
export function pickLoginEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => OF_A_LOGIN.test(name)));
}
