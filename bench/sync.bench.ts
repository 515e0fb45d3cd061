// Sending to a target, against what else would send it, in turns: `bench/sync/scenarios.ts` says what, `bars.ts` what is asked.
import type { Area, Measure } from "../scripts/measure.ts";
import { renderBars, renderMemory, renderTimes } from "./sync/bars.ts";
import { startEarlierStates } from "./sync/earlier-states.ts";
import { measureMemory } from "./sync/memory.ts";
import { SCENARIOS, type Outcome, type Scenario } from "./sync/scenarios.ts";
import { startStand, type Stand } from "./sync/stand.ts";

const MEMORY = "memory";

async function runScenarios(stand: Stand, scenarios: readonly Scenario[]): Promise<Map<Scenario, Outcome>> {
  const bench = { stand, states: startEarlierStates(stand) };
  const outcomes = new Map<Scenario, Outcome>();
  for (const scenario of scenarios) outcomes.set(scenario, await scenario.run(bench));
  return outcomes;
}

async function measureMemories(stand: Stand): Promise<Measure[]> {
  const { workloads } = stand;
  return [
    ...renderMemory("B", await measureMemory(stand, await workloads.large("noise"))),
    ...renderMemory("C", await measureMemory(stand, await workloads.large("words"))),
    ...renderMemory("A", await measureMemory(stand, await workloads.small())),
  ];
}

/** `npm run bench -- sync`. */
export const area: Area = {
  parts: [...SCENARIOS.map(({ name }) => name), MEMORY],
  run: async (only) => {
    const isWanted = (name: string) => only === undefined || only.includes(name);
    await using stand = await startStand();
    const outcomes = await runScenarios(
      stand,
      SCENARIOS.filter(({ name }) => isWanted(name)),
    );
    const memory = isWanted(MEMORY) ? await measureMemories(stand) : [];
    return [...renderBars(outcomes), ...memory, ...renderTimes(outcomes)];
  },
};
