/** Parameters by name, as a Lab holds them. */
export type Parameters = Readonly<Record<string, unknown>>;

/** Which parameters were asked for on the command line: `key` to be shown, `key=value` to be met. */
export interface ParameterChoice {
  readonly shown: readonly string[];
  readonly wanted: readonly (readonly [key: string, value: string])[];
}

/** Parses the values of `--param`. */
export function parseParameterChoice(words: readonly string[]): ParameterChoice {
  const parts = words.map((word) => /^([^=]*)(?:=(.*))?$/s.exec(word) ?? []);
  return {
    shown: [...new Set(parts.map(([, key = ""]) => key))],
    wanted: parts.flatMap(([, key = "", value]) => (value === undefined ? [] : [[key, value] as const])),
  };
}

/** Tells whether parameters have the values that are wanted, as they are written. */
export function hasParameters(parameters: Parameters, { wanted }: ParameterChoice): boolean {
  return wanted.every(([key, value]) => {
    const found = readParameter(parameters, key);
    return found !== undefined && renderValue(found) === value;
  });
}

/** Reads a parameter by its name, or by the names of what it lies in: `model.depth`. */
export function readParameter(parameters: Parameters, key: string): unknown {
  if (Object.hasOwn(parameters, key)) return parameters[key];
  return key.split(".").reduce<unknown>((value, part) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    return Object.entries(value).find(([name]) => name === part)?.[1];
  }, parameters);
}

/** Renders parameters as `a=1 b=two`; with keys, those alone. */
export function renderParameters(parameters: Parameters, keys: readonly string[]): string {
  const names = keys.length === 0 ? Object.keys(parameters) : keys;
  return names
    .map((name) => [name, readParameter(parameters, name)] as const)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${renderValue(value)}`]))
    .join(" ");
}

/** Renders a value: plain words as they are, anything else as JSON. */
export function renderValue(value: unknown): string {
  return typeof value === "string" && /^[^\s"'\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
}
