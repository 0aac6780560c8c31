import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { shellOperand } from '@virt-similarity/core/shell';
import { type PlanFile, type PlanFileImage, topFile } from './plan-file.js';
import { readQcow2Extras } from './qcow2-extras.js';

/** The consequences that the user accepts. */
export interface Accepted {
  /** Whether the user accepts that images in other formats become qcow2. */
  readonly formatChange: boolean;
}

/**
 * Requires that applying a plan involves no decision that the user has not made.
 *
 * @throws `refused` if the format of an image that changes was only detected, if formats change and the user does not
 *   accept that, or if an image that changes has snapshots or bitmaps, which an overlay would lose; and the errors of
 *   reading the images' headers.
 */
export async function requireAcceptable(plan: PlanFile, { formatChange }: Accepted): Promise<void> {
  const changing = plan.images.filter(({ isWritten, emptyOverlayBytes }) => isWritten || emptyOverlayBytes > 0);
  const guessed = changing.filter(({ isFormatStated }) => !isFormatStated);
  if (guessed.length > 0) {
    throw new VirtSimilarityError(
      'refused',
      `the format of ${listed(guessed)} was detected, not stated: a guest controls the bytes that decide it; plan again with ` +
        '--format qcow2 before the names of qcow2 images, and so on, or with --domain',
    );
  }
  const others = changing.filter(({ chain }) => chain[0]!.format !== 'qcow2');
  if (others.length > 0 && !formatChange) {
    throw new VirtSimilarityError(
      'refused',
      `${listed(others)} would become qcow2, so the definitions of their machines must change; accept that with --accept-format-change`,
    );
  }
  for (const image of changing.filter(({ chain }) => chain[0]!.format === 'qcow2')) {
    const { path } = topFile(image);
    const extras = await readQcow2Extras(path);
    if (extras.length > 0) {
      const problem = `${path} has ${extras.join(' and ')}, which an overlay would lose`;
      throw new VirtSimilarityError(
        'refused',
        `${problem}; delete them, or plan again with --keep ${shellOperand(path)}`,
        {
          image: path,
        },
      );
    }
  }
}

function listed(images: readonly PlanFileImage[]): string {
  const [first, ...more] = images.map(({ path }) => path);
  return more.length === 0 ? first! : `${first} and ${more.length} more`;
}
