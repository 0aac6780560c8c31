import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { shellOperand } from '@virt-similarity/core/shell';
import type { Plan } from './plan.js';
import type { PlanInput } from './plan-inputs.js';

const HEADER = `#!/bin/sh
# Shut down the machines first. Each new overlay is compared with its image before any file is exchanged. Every
# original stays under another name (.original, or .base if it is a base now) until you delete it.
set -eu
`;

/**
 * Yields a plan with existing bases as a shell script that calls qemu-img. The script first writes every overlay beside
 * its image. The content of an image that becomes a base gets another path, which the overlays name as their backing
 * file: a hard link or, if the image itself is rewritten, the new file. Then the script replaces each image that
 * changes, by a rename.
 *
 * @throws `usage` for a plan with new bases, which qemu-img cannot write.
 */
export function* planShell(plan: Plan, inputs: readonly PlanInput[]): Iterable<string> {
  if (plan.newBases.length > 0) {
    throw new VirtSimilarityError(
      'usage',
      'qemu-img cannot write the new bases of this plan; plan with existing bases to get commands',
    );
  }
  const images = shellImages(plan, inputs);
  yield HEADER;
  const create = `qemu-img create -q -f qcow2 -o cluster_size=${plan.blockSize}`;
  for (const image of basesFirst(images)) {
    const { path, format, content, overlay, isWritten, isNewBase, base } = image;
    if (isWritten && base !== undefined) {
      yield `
${create} -b ${shellOperand(path)} -F ${format} ${shellOperand(content.path)}
qemu-img rebase -f qcow2 -b ${shellOperand(base.content.path)} -F ${base.content.format} ${shellOperand(content.path)}
qemu-img compare -q -f qcow2 -F ${format} ${shellOperand(content.path)} ${shellOperand(path)}
`;
    } else if (isWritten) {
      yield `
qemu-img convert -f ${format} -O qcow2 -o cluster_size=${plan.blockSize} ${shellOperand(path)} ${shellOperand(content.path)}
qemu-img compare -q -f qcow2 -F ${format} ${shellOperand(content.path)} ${shellOperand(path)}
`;
    } else if (isNewBase) {
      yield `\nln ${shellOperand(path)} ${shellOperand(content.path)}\n`;
    }
    if (isNewBase) {
      yield `${create} -b ${shellOperand(content.path)} -F ${content.format} ${shellOperand(overlay)}\n`;
    }
  }
  yield '\n';
  for (const { path, format, overlay, isWritten } of images.filter((image) => image.isWritten || image.isNewBase)) {
    if (isWritten) {
      yield `ln ${shellOperand(path)} ${shellOperand(`${path}.original`)}\n`;
    }
    yield `mv ${shellOperand(overlay)} ${shellOperand(path)}\n`;
    if (format !== 'qcow2') {
      yield `# ${shellOperand(path)} was ${format} and is qcow2 now: change the definition of its machine.\n`;
    }
  }
}

/** An image, and the files that the script makes for it. */
interface ShellImage {
  readonly path: string;
  readonly format: string;
  readonly isWritten: boolean;
  readonly isNewBase: boolean;
  /** The file that contains the image once the overlays are written but not yet renamed, and its format. */
  readonly content: { readonly path: string; readonly format: string };
  /** The file that replaces the image. */
  readonly overlay: string;
  base?: ShellImage;
}

function shellImages(plan: Plan, inputs: readonly PlanInput[]): ShellImage[] {
  const images = plan.images.map(({ isWritten, emptyOverlayBytes }, index): ShellImage => {
    const [{ format, parts }] = inputs[index]!.identity.chain as [PlanInput['identity']['chain'][number]];
    const path = parts[0]!.path;
    const overlay = `${path}.new`;
    const isNewBase = emptyOverlayBytes > 0;
    const content = {
      path: isNewBase ? `${path}.base` : isWritten ? overlay : path,
      format: isWritten ? 'qcow2' : format,
    };
    return { path, format, isWritten, isNewBase, content, overlay };
  });
  for (const [index, { base }] of plan.images.entries()) {
    if (base !== undefined) {
      images[index]!.base = images[base.index]!;
    }
  }
  return images;
}

function basesFirst(images: readonly ShellImage[]): ShellImage[] {
  const depthOf = ({ base }: ShellImage): number => (base === undefined ? 0 : 1 + depthOf(base));
  return images.toSorted((one, other) => depthOf(one) - depthOf(other));
}
