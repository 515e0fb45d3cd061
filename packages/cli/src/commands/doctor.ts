import { parseCoordinatorOrigin } from "@repx/core/model";
import type { Command, CommandCall } from "../command.ts";
import { renderDiagnosis } from "../doctor/render-diagnosis.ts";
import { connectTarget, CONNECT_FLAGS, describeTarget, findTarget, type DescribedTarget } from "../open-target.ts";

/** Says whether a target can be used, and what to do where it cannot. */
export const DOCTOR: Command = {
  name: "doctor",
  summary: "check the way to a target, and what the target offers",
  description:
    "Each check is a line: ✓ as it must be, ! may be as it is, ✗ stands in the way, - not checked. Below what is not as it " +
    "should be stands what to do next. Nothing is left on the target. The exit status is 1 when a check failed.",
  operands: [],
  flags: {
    ...CONNECT_FLAGS,
    coordinator: { value: "URL", summary: "also check that this machine and the target reach this coordinator" },
  },
  examples: [
    "repx doctor",
    "repx doctor --target cluster --coordinator https://repx.example.org",
    "repx doctor --json",
  ],
  run: runDoctor,
};

async function runDoctor(call: CommandCall): Promise<number> {
  const { screen, environment } = call;
  const address = call.text("coordinator");
  const coordinator = address === undefined ? undefined : parseCoordinatorOrigin(address, "--coordinator");
  const { diagnoseTarget } = await import("@repx/core/doctor");
  let target: DescribedTarget | null = null;
  const { checks } = await diagnoseTarget({
    async find() {
      const found = await findTarget(call);
      target = describeTarget(found, undefined);
      return found;
    },
    async connect(found) {
      const opened = await connectTarget(call, found);
      target = describeTarget({ target: found }, opened.transport);
      return opened;
    },
    environment,
    ...(coordinator === undefined ? {} : { coordinator }),
  });
  screen.showBar("");
  if (call.isSet("json")) screen.printJson({ target, checks });
  else for (const line of renderDiagnosis(checks, screen)) screen.print(line);
  return checks.some(({ status }) => status === "failed") ? 1 : 0;
}
