/** Reads a field of something whose type does not tell of it, such as the insides of a library; undefined where there is none. */
export function readField(owner: unknown, name: string): unknown {
  return typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
}
