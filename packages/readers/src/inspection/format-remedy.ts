import { type OptionReference, shellOperand, shellWord, type Wording, wording } from '@virt-similarity/core';

const CORRECT_HINT = "correct parentFileNameHint in the child's descriptor";

/** A file, its stated format, and where the format is stated. */
export interface StatedFormat {
  readonly path: string;
  /** The format that the user, or the header that names the file, states; `undefined` if none is stated. */
  readonly stated: string | undefined;
  /**
   * Where a format can be stated: on the command line, in the header of the overlay, or nowhere, because the parent of
   * a VMDK must be a VMDK.
   */
  readonly statedBy: 'user' | 'overlay' | 'vmdk-child';
  /** The name of the file as the user, or the header that names the file, wrote it. */
  readonly reference?: string;
  /** Path of the file whose header names this file. */
  readonly headerPath?: string;
  /** Set if it is a file in an archive. */
  readonly archived?: ArchivedFile;
}

/** A file in an archive, as the user named it. */
export interface ArchivedFile {
  /** Path of the archive. */
  readonly archive: string;
  /** Name of the file in the archive, with or without directories. */
  readonly member: string;
}

/**
 * Returns how to state one of the formats unambiguously, for this file only. The format of a VMDK's parent cannot be
 * stated; for a parent, returns how to correct the reference to it.
 */
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
      return CORRECT_HINT;
  }
}

/** Returns how to change the file name in a header. */
export function renaming({
  statedBy,
  headerPath,
  stated,
}: Pick<StatedFormat, 'statedBy' | 'stated'> & { readonly headerPath: string }): string {
  return statedBy === 'vmdk-child'
    ? CORRECT_HINT
    : `name the file in the overlay with qemu-img rebase -u -F ${stated ?? 'FORMAT'} -b FILE ${shellWord(headerPath)}`;
}

/** Returns the command that unpacks an archive. */
export function unpacking({ archive }: Pick<ArchivedFile, 'archive'>): string {
  return `tar -xf ${shellOperand(archive)}`;
}

/** Returns the option that sets the format of one file to `format`. The other images keep the format `stated`. */
export function namedInFormat(path: string, format: string, stated: string | undefined): OptionReference {
  return { option: 'format', value: format, image: path, others: stated ?? 'auto' };
}
