import { GENERATE_1, GENERATE_2, makeLabFiles, PLOT, SUM, writeLab } from "../../packages/core/src/lab/lab.fixture.ts";

/** What each job of the Lab's four does: the text of a POSIX shell script. */
export type JobScripts = Readonly<Record<"generate1" | "generate2" | "sum" | "plot", string>>;

/** Writes a Lab of two runs, `simulation` (two generators and a sum) and `analysis` (a plot of it). */
export async function writeScriptedLab(scripts: Partial<JobScripts>): ReturnType<typeof writeLab> {
  const files = makeLabFiles();
  files["closure/store-paths"] = "";
  const set = (id: string, stage: string, script = "echo fine"): void => {
    files[`jobs/${id}/bin/${stage}`] = `#!/bin/sh\n${script}\n`;
  };
  set(GENERATE_1, "generate", scripts.generate1);
  set(GENERATE_2, "generate", scripts.generate2);
  set(SUM, "sum", scripts.sum);
  set(PLOT, "plot", scripts.plot);
  return writeLab(files);
}
