import { findNearest } from "@repx/core/model";

const SHOWN = 8;

/** Says what a mistyped word most likely meant, where one of the candidates is near, and then what else there is to say. */
export function advise(word: string, candidates: readonly string[], otherwise: string): string {
  const nearest = findNearest(word, candidates);
  return nearest === undefined ? otherwise : `Did you mean ${nearest}? ${otherwise}`;
}

/** Lists words in a sentence: the first few, and how many more there are. */
export function listWords(words: readonly string[], most = SHOWN): string {
  const more = words.length > most ? ` and ${words.length - most} more` : "";
  return `${words.slice(0, most).join(", ")}${more}`;
}
