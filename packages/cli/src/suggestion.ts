// Required, as an import would be searched for exported names at every start.
import levenshtein = require('fastest-levenshtein');

/**
 * `; did you mean 'hamming'?` where one of the candidates looks like the word, otherwise nothing.
 * Ends a message about an unknown name.
 */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const typed = word.toLowerCase();
  // Two neighbouring letters exchanged are two edits; but a word must not be edited away.
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
  return best === undefined ? '' : `; did you mean '${best}'?`;
}
