import { SYSTEM_PATH } from "./command.ts";

/** Nothing that a shell would touch: what is written here needs no quoting, and anything else is refused. */
const PLAIN = /^[A-Za-z0-9@%+,./:_=-]+$/;

/** The few lines an admin writes into /etc/slurm: SLURM gives EpilogSlurmctld neither PATH nor SLURM_CONF (22.05, 24.11). */
export function renderEpilogWrapper(program: string, environment: Readonly<Record<string, string>>): string {
  const settings = Object.entries({ PATH: SYSTEM_PATH, ...environment });
  for (const text of [program, ...settings.flat()]) {
    if (!PLAIN.test(text)) throw new Error(`${JSON.stringify(text)} cannot stand unquoted in the epilog's wrapper`);
  }
  const lines = settings.map(([name, value]) => `export ${name}=${value}`);
  return `#!/bin/sh\n${lines.join("\n")}\nexec ${program}\n`;
}
