// Content that is the same in every run, and compresses as asked: words of a vocabulary with runs of noise between them.
import { createCipheriv, createHash } from "node:crypto";

const WORDS = 4096;
const LONGEST_WORD = 12;
const NOISE_RUN_BYTES = 512;

/** Numbers from 0 to 1 that follow from a seed. */
export function startChance(seed: string): () => number {
  let state = createHash("sha256").update(seed).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that no packer makes smaller. */
export function renderNoise(seed: string, sizeBytes: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

/** Bytes of which `noiseShare`, 0 to 1, are noise, and the rest are words as a program's source has them. */
export function renderContent(seed: string, sizeBytes: number, noiseShare: number): Buffer {
  if (noiseShare >= 1) return renderNoise(seed, sizeBytes);
  const content = Buffer.allocUnsafe(sizeBytes);
  fillWithWords(content, seed);
  const noise = renderNoise(seed, Math.ceil(sizeBytes * noiseShare));
  if (noiseShare <= 0) return content;
  const period = NOISE_RUN_BYTES / noiseShare;
  for (let run = 0; run * period < sizeBytes; run += 1) {
    noise.copy(content, Math.floor(run * period), run * NOISE_RUN_BYTES, (run + 1) * NOISE_RUN_BYTES);
  }
  return content;
}

interface Vocabulary {
  readonly letters: Uint8Array;
  readonly ends: Uint32Array;
}

const vocabulary = makeVocabulary();

function makeVocabulary(): Vocabulary {
  const chance = startChance("vocabulary");
  const letters = new Uint8Array(WORDS * (LONGEST_WORD + 1));
  const ends = new Uint32Array(WORDS + 1);
  let end = 0;
  for (let word = 0; word < WORDS; word += 1) {
    const length = 1 + Math.floor(chance() * LONGEST_WORD);
    for (let letter = 0; letter < length; letter += 1) letters[end++] = 97 + Math.floor(chance() ** 2 * 26);
    letters[end++] = word % 9 === 0 ? 10 : 32;
    ends[word + 1] = end;
  }
  return { letters, ends };
}

/** Frequent words are the first ones, as in any language. */
function fillWithWords(content: Buffer, seed: string): void {
  const { letters, ends } = vocabulary;
  const draws = renderNoise(`words ${seed}`, content.length + 2);
  for (let at = 0, draw = 0; at < content.length; draw = (draw + 2) % content.length) {
    const share = ((draws[draw] ?? 0) + 256 * (draws[draw + 1] ?? 0)) / 65_536;
    const word = Math.floor(share * share * share * WORDS);
    const end = ends[word + 1] ?? 0;
    for (let letter = ends[word] ?? 0; letter < end && at < content.length; letter += 1) {
      content[at++] = letters[letter] ?? 0;
    }
  }
}
