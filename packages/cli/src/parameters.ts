import { hasParameter, readParameter, renderValue, RepxError, type Parameters } from "@repx/core/model";

const STORE_PATH = /^\/nix\/store\/[0-9a-z]{32}-/;

/** Which parameters were asked for on the command line: `key` to be shown, `key=value` to be met. */
export interface ParameterChoice {
  readonly shown: readonly string[];
  readonly wanted: readonly (readonly [key: string, value: string])[];
}

/** Parses the values of `--param`. INPUT_INVALID where one has a value and no name. */
export function parseParameterChoice(words: readonly string[]): ParameterChoice {
  const parts = words.map((word) => /^([^=]*)(?:=(.*))?$/s.exec(word) ?? []);
  const nameless = parts.find(([, key]) => key === "");
  if (nameless !== undefined) {
    throw new RepxError("INPUT_INVALID", `--param ${nameless[0]} names no parameter`, {
      hint: "Write its name before the =: --param seed=1.",
    });
  }
  return {
    shown: [...new Set(parts.map(([, key = ""]) => key))],
    wanted: parts.flatMap(([, key = "", value]) => (value === undefined ? [] : [[key, value] as const])),
  };
}

/** Tells whether parameters have the values that are wanted, as they are written. */
export function hasParameters(parameters: Parameters, { wanted }: ParameterChoice): boolean {
  return wanted.every(([key, value]) => hasParameter(parameters, key, value));
}

/** Renders the parameters of these names, where they are there, as `a=1 b=two`. */
export function renderParameters(parameters: Parameters, names: readonly string[], render = renderValue): string {
  return names
    .map((name) => [name, readParameter(parameters, name)] as const)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${render(value)}`]))
    .join(" ");
}

/** Renders a value for a line that has no room: of a path in the Nix store the name, without the hash. */
export function renderBriefly(value: unknown): string {
  return renderValue(typeof value === "string" ? value.replace(STORE_PATH, "") : value);
}
