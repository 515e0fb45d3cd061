import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseMemory, parseTimeLimit, renderMemory, renderTimeLimit } from "./slurm-units.ts";

test.each([
  ["90", 90],
  ["90:00", 90],
  ["10:30", 11],
  ["01:30:00", 90],
  ["1:0:1", 61],
  ["1-0", 1440],
  ["1-6", 1800],
  ["1-", 1440],
  ["1-06:30", 1830],
  ["2-03:00:00", 3060],
  ["UNLIMITED", Infinity],
  ["infinite", Infinity],
  ["0", Infinity],
  ["00:00:00", Infinity],
])("the time limit %s is %d minutes", (text, minutes) => expect(parseTimeLimit(text)).toBe(minutes));

test.each(["", "1h", "4 hours", "1:2:3:4", "-1", "-", "1.5", "1-2-3", "soon", "1e3"])("`%s` is no time limit", (text) =>
  expect(parseTimeLimit(text)).toBeUndefined(),
);

test.each([
  ["500", 500],
  ["500M", 500],
  ["4G", 4096],
  ["4gb", 4096],
  ["1T", 1_048_576],
  ["1K", 1],
  ["2049K", 3],
  ["0", 0],
])("the memory %s is %d MiB", (text, mebibytes) => expect(parseMemory(text)).toBe(mebibytes));

test.each(["", "G", "4 G", "1.5G", "4GiBs", "-4G", "4X", "four"])("`%s` is no memory", (text) =>
  expect(parseMemory(text)).toBeUndefined(),
);

test("a limit that is shown is read as the same number of minutes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (minutes) => {
      expect(parseTimeLimit(renderTimeLimit(minutes))).toBe(minutes);
    }),
  );
});

const expected = (exact: number) => (exact === 0 ? Infinity : Math.ceil(exact));

test("days, hours, minutes and seconds add up, whichever of them are written, and a begun minute is a whole one", () => {
  const [few, many] = [fc.nat({ max: 59 }), fc.nat({ max: 500 })];
  fc.assert(
    fc.property(many, many, few, few, (days, hours, minutes, seconds) => {
      const total = (days * 24 + hours) * 60 + minutes;
      expect(parseTimeLimit(`${days}-${hours}:${minutes}:${seconds}`)).toBe(expected(total + seconds / 60));
      expect(parseTimeLimit(`${days}-${hours}:${minutes}`)).toBe(expected(total));
      expect(parseTimeLimit(`${days}-${hours}`)).toBe(expected((days * 24 + hours) * 60));
      expect(parseTimeLimit(`${hours}:${minutes}:${seconds}`)).toBe(expected(hours * 60 + minutes + seconds / 60));
      expect(parseTimeLimit(`${minutes}:${seconds}`)).toBe(expected(minutes + seconds / 60));
    }),
  );
});

test("memory that is shown is read as the same size, and is never longer than in MiB", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.constantFrom(1, 1024, 1024 ** 2), (amount, unit) => {
      const text = renderMemory(amount * unit);
      expect(parseMemory(text)).toBe(amount * unit);
      expect(text.length).toBeLessThanOrEqual(`${amount * unit}M`.length);
    }),
  );
});

test("any text is a number of minutes above zero or nothing", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9:-]{1,12}$/)), (text) => {
      const minutes = parseTimeLimit(text);
      expect(minutes === undefined || minutes > 0).toBe(true);
    }),
  );
});
