import type { InspectedImage } from '../inspection/inspected-image.js';

/** A node of qemu's block layer with everything below it, as `blockdev-add` describes it. */
export interface BlockNode {
  readonly driver: string;
  readonly 'read-only': true;
  readonly filename?: string;
  readonly file?: BlockNode;
  readonly backing?: BlockNode | null;
}

/** Every file and format that qemu is to open for an image. */
export interface BlockGraph {
  readonly node: BlockNode;
  /**
   * The graph as one argument of qemu-img or qemu-nbd, in place of a file name and without `-f` or `--image-opts`.
   * Begins with `json:`, so it is never taken for an option; any character may stand in the file names.
   */
  readonly argument: string;
}

/**
 * States the whole of an image's block graph, so that qemu neither probes a format nor follows a name from a header:
 * each level names its driver, its file by absolute path and, where there can be one, its backing image or `null`.
 * Only the extents that a VMDK descriptor names are still opened by qemu itself.
 *
 * Format: the QMP reference, `BlockdevOptions`
 * (https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html), within the `json:` pseudo-protocol.
 */
export function blockGraph(image: InspectedImage): BlockGraph {
  const node = formatNode(image);
  return { node, argument: `json:${JSON.stringify(node)}` };
}

function formatNode(image: InspectedImage): BlockNode {
  return {
    driver: image.format,
    'read-only': true,
    file: {
      driver: image.isDevice ? 'host_device' : 'file',
      'read-only': true,
      filename: image.file.path,
    },
    // qemu takes `null` from drivers without backing images too: stated everywhere, it cannot be forgotten anywhere.
    backing: image.backing === undefined ? null : formatNode(image.backing),
  };
}
