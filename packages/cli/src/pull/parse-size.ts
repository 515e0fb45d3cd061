import { RepxError } from "@repx/core/model";

const POWERS = ["", "K", "M", "G", "T"];

/** Parses a size as people write it: `500`, `100M`, `1.5GB`, `2GiB`; `none` is no limit. INPUT_INVALID names the flag. */
export function parseSize(text: string, flag: string): number {
  if (text === "none") return Infinity;
  const found = /^(?<number>\d+(?:\.\d+)?) ?(?<unit>[KMGT]?)(?<kind>B|iB|)$/i.exec(text)?.groups;
  const [number, unit = "", kind] = [found?.["number"], found?.["unit"], found?.["kind"]?.toLowerCase()];
  if (number === undefined || (kind === "ib" && unit === "")) {
    throw new RepxError("INPUT_INVALID", `--${flag} ${text} is no size`, {
      hint: `Write a number and a unit, as in --${flag} 500M or --${flag} 2.5G, or --${flag} none.`,
    });
  }
  return Math.floor(Number(number) * (kind === "ib" ? 1024 : 1000) ** POWERS.indexOf(unit.toUpperCase()));
}
