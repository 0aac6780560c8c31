import { type HashVector, pairRuns } from '@virt-similarity/core';

/** One or more templates that explain the same blocks of an image. */
export interface Explanation {
  /** The indices of these templates, ascending. */
  readonly templates: readonly number[];
  /** The number of non-zero blocks of the image that each of these templates has at the same block number. */
  readonly alone: number;
  /** The number of these blocks that no earlier explanation includes. */
  readonly added: number;
}

/**
 * Explains the non-zero blocks of an image by templates that have the same blocks at the same places: first by the
 * template that explains most blocks, then repeatedly by the template that explains most of the remaining blocks, until
 * no template adds any. Templates that explain the same blocks are in one explanation. This greedy cover explains at
 * least 1 − 1/e of the blocks that the best choice of the same number of templates explains (Nemhauser, Wolsey and
 * Fisher, Mathematical Programming 14, 1978).
 *
 * Memory: for each template, at most two bits for each block of the image.
 *
 * @throws as `pairRuns`.
 */
export async function explainImage(
  image: HashVector,
  templates: readonly HashVector[],
  signal?: AbortSignal | undefined,
): Promise<readonly Explanation[]> {
  const groups = new Map<string, { readonly bits: BlockSet; readonly templates: number[] }>();
  for (const [index, template] of templates.entries()) {
    const bits = await equalBlocks(image, template, signal);
    const known = groups.get(bits.key());
    if (known === undefined) {
      groups.set(bits.key(), { bits, templates: [index] });
    } else {
      known.templates.push(index);
    }
  }
  const explanations: Explanation[] = [];
  const candidates = [...groups.values()];
  for (const explained = new BlockSet(blockNumbersOf(image)); candidates.length > 0; ) {
    const gains = candidates.map(({ bits }) => bits.countWithout(explained));
    const added = Math.max(...gains);
    if (added === 0) {
      break;
    }
    const [chosen] = candidates.splice(gains.indexOf(added), 1);
    explanations.push({ templates: chosen!.templates, alone: chosen!.bits.count(), added });
    explained.addAll(chosen!.bits);
  }
  return explanations;
}

function blockNumbersOf({ virtualSize, blockSize }: HashVector): number {
  return Math.ceil(virtualSize / blockSize);
}

async function equalBlocks(
  image: HashVector,
  template: HashVector,
  signal: AbortSignal | undefined,
): Promise<BlockSet> {
  const blocks = new BlockSet(blockNumbersOf(image));
  for await (const { kind, start, blocks: length } of pairRuns(image, template, { signal })) {
    if (kind === 'equal') {
      blocks.addRun(start, length);
    }
  }
  return blocks;
}

/** A set of block numbers, one bit each. */
class BlockSet {
  readonly #words: Uint32Array;

  /** @param size the number of block numbers */
  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / 32));
  }

  addRun(start: number, length: number): void {
    for (let block = start; block < start + length; block++) {
      this.#words[block >>> 5]! |= 1 << (block & 31);
    }
  }

  addAll(other: BlockSet): void {
    for (let word = 0; word < this.#words.length; word++) {
      this.#words[word]! |= other.#words[word]!;
    }
  }

  count(): number {
    return this.#words.reduce((sum, word) => sum + onesIn(word), 0);
  }

  /** Returns the number of members that are not in another set. */
  countWithout(other: BlockSet): number {
    return this.#words.reduce((sum, word, index) => sum + onesIn(word & ~other.#words[index]!), 0);
  }

  /** Returns a text that two sets of the same size share exactly if they are equal. */
  key(): string {
    return Buffer.from(this.#words.buffer).toString('latin1');
  }
}

/** Counts the set bits of a 32-bit word. Source: Warren, Hacker's Delight, section 5-1. */
function onesIn(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
