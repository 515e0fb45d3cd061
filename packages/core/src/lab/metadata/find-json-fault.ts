// What JSON.parse lets pass: a key that is there twice (the last one wins), nesting and numbers of values that exhaust the
// memory. Looks at text alone and never recurses; whether the text is JSON is left to JSON.parse.

/** The most that a JSON text of a Lab may hold. A Lab of 100,000 jobs stays below. */
export const JSON_LIMITS = { bytes: 128 * 1024 * 1024, values: 10_000_000, depth: 100 } as const;

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const LAST_SPACE = 0x20;

/** Objects have few keys or many: a list is quicker for few. */
const FEW = 16;

/** What is wrong with a JSON text beyond its grammar, or undefined. */
export function findJsonFault(text: string): string | undefined {
  const open: (Keys | undefined)[] = [];
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const end = findStringEnd(text, at + 1);
      if (end === -1) return undefined;
      const keys = open.at(-1);
      if (keys !== undefined && isKey(text, end + 1)) {
        const fault = addKey(keys, text.slice(at + 1, end));
        if (fault !== undefined) return fault;
      }
      at = end;
    } else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      open.push(char === OPEN_BRACE ? { few: [], many: undefined } : undefined);
      values++;
      if (open.length > JSON_LIMITS.depth) return `values lie more than ${JSON_LIMITS.depth} deep in each other`;
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) open.pop();
    else if (char === COMMA) values++;
    if (values > JSON_LIMITS.values) return `it holds more than ${JSON_LIMITS.values} values`;
  }
  return undefined;
}

interface Keys {
  readonly few: string[];
  many: Set<string> | undefined;
}

function addKey(keys: Keys, raw: string): string | undefined {
  const key = raw.includes("\\") ? decodeKey(raw) : raw;
  // It would become the prototype of what is made of the table, or be lost.
  if (key === "__proto__") return 'the key "__proto__" cannot be used';
  if (keys.many?.has(key) ?? keys.few.includes(key)) return `the key ${JSON.stringify(key)} is there twice`;
  if (keys.many === undefined && keys.few.length === FEW) keys.many = new Set(keys.few);
  if (keys.many === undefined) keys.few.push(key);
  else keys.many.add(key);
  return undefined;
}

function decodeKey(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    // Not JSON, as JSON.parse is going to say of the whole text.
    return raw;
  }
}

/** The place of the closing quote: the first that an even number of backslashes precedes. */
function findStringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start);
  while (end !== -1) {
    let first = end;
    while (first > start && text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((end - first) % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}

function isKey(text: string, after: number): boolean {
  let at = after;
  while (text.charCodeAt(at) <= LAST_SPACE) at++;
  return text.charCodeAt(at) === COLON;
}
