import { writeFile } from "node:fs/promises";

/** Renders an env file that dotenv and dotenv-expand (wrangler's --env-file) read back to the very same values. */
export function renderEnvFile(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`${name} is not a name for a variable`);
      // dotenv knows no escapes in these quotes, so the first kind that the value lacks holds it.
      const quote = ["'", "`"].find((one) => !value.includes(one));
      if (quote === undefined || value.includes("\r"))
        throw new Error(`the value of ${name} cannot stand in an env file`);
      return `${name}=${quote}${value.replaceAll("$", String.raw`\$`)}${quote}\n`;
    })
    .join("");
}

/** Writes an env file that only its owner reads. */
export async function writeEnvFile(path: string, values: Readonly<Record<string, string>>): Promise<void> {
  await writeFile(path, renderEnvFile(values), { mode: 0o600 });
}
