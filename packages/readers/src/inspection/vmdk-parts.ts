import { basename, dirname, resolve } from 'node:path';
import { headerText } from './formats/header-fields.js';
import { MAX_DESCRIPTOR_BYTES, readDescriptorText } from './formats/vmdk.js';
import { namedParts } from './formats/vmdk-descriptor.js';
import { openNamedFile } from './layer-file.js';

const EXTENSION = '.vmdk';

/**
 * Which of a directory's files are parts of a VMDK in it: each part's name with the name of the text descriptor that
 * lists it as an extent or for change tracking. Never throws: what cannot be read names nothing.
 *
 * @param names Files of the directory, without it.
 */
export async function vmdkPartsIn(directory: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const present = new Set(names);
  const parts = new Map<string, string>();
  for (const descriptor of names.filter((name) => name.toLowerCase().endsWith(EXTENSION))) {
    for (const part of await partsOf(directory, descriptor)) {
      if (part !== descriptor && present.has(part) && !parts.has(part)) {
        parts.set(part, descriptor);
      }
    }
  }
  return parts;
}

/** The names in its own directory that a file lists, if it is a text descriptor. */
async function partsOf(directory: string, descriptor: string): Promise<readonly string[]> {
  try {
    const file = await openNamedFile({ path: `${directory}/${descriptor}`, noFollow: true });
    try {
      const text = file.bytes.size > MAX_DESCRIPTOR_BYTES ? undefined : await readDescriptorText(file.bytes);
      return namedParts(text ?? '').flatMap((name) =>
        nameIn(directory, headerText(Buffer.from(name, 'latin1'), 'name')),
      );
    } finally {
      await file.close();
    }
  } catch {
    return [];
  }
}

/** The last part of a path that leads into the directory; nothing where it leads elsewhere. */
function nameIn(directory: string, path: string): readonly string[] {
  const absolute = resolve(directory, path);
  return dirname(absolute) === resolve(directory) ? [basename(absolute)] : [];
}
