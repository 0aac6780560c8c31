import type { CommandContext, HashVector, OptionValues, ValuesOf } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { type Explanation, explainImage } from './explain-image.js';
import type { SEARCH_OPTIONS } from './search-options.js';

/** The exit code if some templates failed. The other templates were searched. */
const EXIT_PARTIAL = 3;

export async function runSearch(context: CommandContext): Promise<number> {
  const { limit, 'output-format': format } = context.options as ValuesOf<typeof SEARCH_OPTIONS> & OptionValues;
  await requireOneImage(context);
  const { outcomes } = await context.images!.hash();
  const [first, ...others] = outcomes;
  if (first === undefined || others.length === 0) {
    const found = outcomes.length === 1 ? 'only one' : 'none';
    throw new VirtSimilarityError(
      'usage',
      `expected an image and images to search, found ${found}; name another image`,
    );
  }
  if (first.error !== undefined) {
    throw first.error;
  }
  const image = first.vector;
  const templates = others.flatMap(({ path, vector }) => (vector === undefined ? [] : [{ path, vector }]));
  const firstFailure = others.find(({ error }) => error !== undefined)?.error;
  if (templates.length === 0) {
    throw firstFailure!;
  }
  const vectors = templates.map(({ vector }) => vector);
  const explanations = await explainImage(image, vectors, context.signal);
  const described = explanations.slice(0, limit).map((explanation) => describe(explanation, templates, image));
  const hidden = explanations.slice(limit);
  const addedBy = (some: readonly Explanation[]) => some.reduce((sum, { added }) => sum + added, 0);
  const hiddenShare = shareOf(addedBy(hidden), image);
  const own = shareOf(image.dataBlocks - addedBy(explanations), image);
  if (format === 'json') {
    const result = {
      image: first.path,
      blockSize: image.blockSize,
      dataBlocks: image.dataBlocks,
      templates: described,
      others: hiddenShare,
      own,
    };
    await context.write(`${JSON.stringify(result, undefined, 2)}\n`);
  } else {
    await context.writeTable([
      ['TEMPLATE', 'ALONE', 'ADDS', 'USED'],
      ...described.map(({ paths, alone, adds, used }) => [
        paths.join(' = '),
        percent(alone),
        percent(adds),
        percent(used),
      ]),
      ...(hidden.length > 0 ? [[`${hidden.length} more`, '', percent(hiddenShare), '']] : []),
      ['none of them', '', percent(own), ''],
    ]);
  }
  return firstFailure === undefined ? 0 : EXIT_PARTIAL;
}

/** Returns the paths and the shares of an explanation. Shares are fractions from 0 to 1. */
function describe(
  { templates: [chosen, ...ties], alone, added }: Explanation,
  templates: readonly { readonly path: string; readonly vector: HashVector }[],
  image: HashVector,
) {
  const paths = [chosen!, ...ties].map((index) => templates[index]!.path);
  const used = shareOf(alone, templates[chosen!]!.vector);
  return { paths, alone: shareOf(alone, image), adds: shareOf(added, image), used };
}

function shareOf(blocks: number, { dataBlocks }: HashVector): number {
  return dataBlocks === 0 ? 0 : blocks / dataBlocks;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/**
 * Requires that the first operand is the path of one image.
 *
 * @throws `usage` otherwise, even for a directory that contains exactly one image, and the errors of finding images.
 */
async function requireOneImage({ operands: [first], analyzer, signal }: CommandContext): Promise<void> {
  const { sources } = await (await analyzer()).findImages([first!], { onNote: () => {}, signal });
  if (sources.length !== 1 || sources[0]!.path !== first) {
    const found = `${sources.length} ${sources.length === 1 ? 'image' : 'images'} in ${first}`;
    throw new VirtSimilarityError(
      'usage',
      `expected the first name to be that of one image, found ${found}; name the image to search for first`,
    );
  }
}
