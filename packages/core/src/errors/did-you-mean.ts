// Loaded by `require`: with `import`, Node.js would scan it for exported names at every start.
import levenshtein = require('fastest-levenshtein');

/**
 * Returns a suggestion to end a message with, such as `; did you mean 'hamming'?`, or an empty string if no candidate
 * resembles the word.
 */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const best = closestOf(word, candidates);
  return best === undefined ? '' : `; did you mean '${best}'?`;
}

/** Returns the candidate that resembles a mistyped word most; `undefined` if none does. */
export function closestOf(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  // Two swapped letters count as two edits. The limit is below the word's length, or any word would match a short one.
  const limit = Math.min(typed.length - 1, Math.max(2, Math.floor(typed.length / 3)));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    const edits = levenshtein.distance(typed, candidate.toLowerCase());
    if (edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}
