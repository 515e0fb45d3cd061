/** Multiples of a mebibyte, SLURM's unit where none is given (sbatch(1), --mem). */
const MEBIBYTES = new Map([
  ["K", 1 / 1024],
  ["", 1],
  ["M", 1],
  ["G", 1024],
  ["T", 1024 * 1024],
]);

/** Reads a size as SLURM takes it, `4G` or `500`; undefined for what is no size. */
export function readMebibytes(text: string): number | undefined {
  const { amount, unit = "" } = /^(?<amount>[0-9]{1,15})(?<unit>[KMGT]?)B?$/i.exec(text)?.groups ?? {};
  return amount === undefined ? undefined : Number(amount) * (MEBIBYTES.get(unit.toUpperCase()) ?? 1);
}
