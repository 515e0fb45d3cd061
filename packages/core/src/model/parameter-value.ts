/** Parameters by name, as a Lab holds them. */
export type Parameters = Readonly<Record<string, unknown>>;

/** Reads a parameter by its name, or by the names of what it lies in: `model.depth`. */
export function readParameter(parameters: Parameters, key: string): unknown {
  if (Object.hasOwn(parameters, key)) return parameters[key];
  return key.split(".").reduce<unknown>((value, part) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    return Object.entries(value).find(([name]) => name === part)?.[1];
  }, parameters);
}

/** Tells whether a parameter is there and has the value that is wanted, as it is written. */
export function hasParameter(parameters: Parameters, key: string, written: string): boolean {
  const found = readParameter(parameters, key);
  return found !== undefined && renderValue(found) === written;
}

/** Renders a value: plain words as they are, anything else as JSON. */
export function renderValue(value: unknown): string {
  return typeof value === "string" && /^[^\s"'\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
}
