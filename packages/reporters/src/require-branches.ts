import type { Analysis, OptionDeclarations, OptionValues } from '@virt-similarity/core';
import { VirtSimilarityError, wording } from '@virt-similarity/core/errors';

/** The options of reporters that write branch lengths. */
export const BRANCH_OPTIONS = {
  'negative-branches': {
    type: 'boolean',
    description: 'tree formats: allow the negative branches of centroid and median linkage',
  },
} as const satisfies OptionDeclarations;

/**
 * Requires that no branch is negative, unless the user allows negative branches.
 *
 * @param lengths the lengths of all branches
 * @throws `usage` otherwise.
 */
export function requireBranches(
  reporter: string,
  { parameters }: Analysis,
  lengths: Float64Array,
  options: OptionValues,
): void {
  if (options['negative-branches'] === true || lengths.every((length) => length >= 0)) {
    return;
  }
  const problem =
    `[${reporter}] expected branches of length 0 or more, but with ${parameters.linkage} linkage some groups join ` +
    'at a smaller distance than their parts';
  throw new VirtSimilarityError(
    'usage',
    wording`${problem}; choose single, complete, average, weighted or ward linkage, or allow ${{ option: 'negative-branches', value: true }}`,
  );
}
