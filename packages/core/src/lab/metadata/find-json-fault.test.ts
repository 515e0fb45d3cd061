import { expect, test } from "vitest";
import { findJsonFault } from "./find-json-fault.ts";

test.each([
  '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
  String.raw`{"a\\":1,"a":2,"\"a":3,"\\\"":4}`,
  '{"a":"b","c":"a:","d":"{\\"a\\":1,\\"a\\":2}"}',
  '["a","a"]',
  "7",
  "",
])("there is nothing wrong with the keys of %s", (text) => {
  expect(findJsonFault(text)).toBeUndefined();
});

test.each([
  ['{"a":1,"a":2}', "a"],
  ['{"a" \n:1,"b":0,"a"\t:2}', "a"],
  ['[[{"x":{"a":"]}","a":2}}]]', "a"],
  [String.raw`{"a":1,"\u0061":2}`, "a"],
  [String.raw`{"\\":1,"b":"\\\"","\\":2}`, "\\"],
  [`{${Array.from({ length: 40 }, (_, number) => `"k${number}":0,`).join("")}"k30":1}`, "k30"],
])("a key is twice in %s", (text, key) => {
  expect(findJsonFault(text)).toBe(`the key ${JSON.stringify(key)} is there twice`);
});

test.each(['{"a', '{"a"', '{"a":', '{"\\u00":1}', '{"a\\', "]}]}", '{"a":1,,"', '"'])(
  "what is no JSON is left to others: %s",
  (text) => {
    expect(findJsonFault(text)).toBeUndefined();
  },
);
