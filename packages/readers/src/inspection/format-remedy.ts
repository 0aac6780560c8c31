import { shellOperand, shellWord } from '@virt-similarity/core';

/** A file, and who states its format. */
export interface StatedFormat {
  readonly path: string;
  /** The format that the user or the header above states. */
  readonly stated: string | undefined;
  /**
   * Where a format can be stated: on the command line, in the header of the overlay, or nowhere, as the parent of a VMDK
   * must be a VMDK.
   */
  readonly statedBy: 'user' | 'overlay' | 'vmdk-child';
  /** The file's name as the user or the header above has it. */
  readonly reference?: string;
  /** The file with that header. */
  readonly headerPath?: string;
}

/** How to state one of the formats, for this file only, so that there is no doubt any more. */
export function remedy(
  { statedBy, reference, headerPath, path, stated }: StatedFormat,
  ...formats: readonly string[]
): string {
  switch (statedBy) {
    case 'user':
      return `name it as ${formats.map((format) => namedInFormat(reference ?? path, format, stated)).join(' or ')}`;
    case 'overlay': {
      const files = [reference ?? path, ...(headerPath === undefined ? [] : [headerPath])].map(shellWord).join(' ');
      // Without -b, qemu-img would remove the reference.
      const commands = formats.map((format) => `qemu-img rebase -u -F ${format} -b ${files}`);
      return `state its format in the overlay with ${commands.join(' or ')}`;
    }
    case 'vmdk-child':
      return "correct parentFileNameHint in the child's descriptor";
  }
}

/**
 * How a file is named in a format on the command line. A stated format applies to every image after it, so the format
 * that was in force follows the file.
 */
export function namedInFormat(path: string, format: string, inForce: string | undefined): string {
  return `--format ${format} ${shellOperand(path)} --format ${inForce ?? 'auto'}`;
}
