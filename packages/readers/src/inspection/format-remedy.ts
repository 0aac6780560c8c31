import { type OptionReference, shellWord, type Wording, wording } from '@virt-similarity/core';

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
  ...formats: readonly [string, ...string[]]
): Wording {
  switch (statedBy) {
    case 'user': {
      const [first, ...others] = formats;
      const named = (format: string) => namedInFormat(reference ?? path, format, stated);
      return wording`name it as ${named(first)}${others.flatMap((other) => [' or ', named(other)])}`;
    }
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

/** A file in another format than the one that was stated for it, which the other images keep. */
export function namedInFormat(path: string, format: string, stated: string | undefined): OptionReference {
  return { option: 'format', value: format, image: path, others: stated ?? 'auto' };
}
