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
  // In a word of up to three letters, two edits would match almost any other word.
  const limit = typed.length <= 3 ? typed.length - 2 : Math.max(2, Math.floor(typed.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    const edits = editsBetween(typed, candidate.toLowerCase());
    if (edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

/** Returns the number of edits between two words. Swapping two letters counts as one edit. */
function editsBetween(one: string, other: string): number {
  const edits = levenshtein.distance(one, other);
  const isSwap = edits === 2 && [...one].sort().join('') === [...other].sort().join('');
  return isSwap ? 1 : edits;
}
