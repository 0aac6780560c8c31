import { basename, dirname, resolve } from 'node:path';
import { inspectedIn } from './inspected-in.js';

const EXTENSION = '.vmdk';
/** VMware's names of the files that track changed blocks. */
const CHANGE_TRACKING = /-ctk\.vmdk$/i;

/**
 * Returns the files of a directory that are parts of VMDKs there. Maps each file to the text descriptor that lists the
 * file as an extent or for change tracking. Only a descriptor that inspection accepts has parts, because an invalid
 * descriptor must not keep an image from being read. Never throws: an unreadable file has no parts.
 *
 * @param names names of the files in the directory
 */
export async function vmdkPartsIn(directory: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const partsByDescriptor = new Map<string, readonly string[]>();
  for (const name of names.filter(isNamedVmdk)) {
    const parts = await partsListedIn(directory, name);
    if (parts !== undefined) {
      partsByDescriptor.set(name, parts);
    }
  }
  // Descriptors that name each other are all images.
  const candidates = new Set(names.filter((name) => !partsByDescriptor.has(name)));
  const owners = new Map<string, string>();
  for (const [descriptor, parts] of partsByDescriptor) {
    for (const part of parts.filter((name) => candidates.has(name) && !owners.has(name))) {
      owners.set(part, descriptor);
    }
  }
  return owners;
}

function isNamedVmdk(name: string): boolean {
  return name.toLowerCase().endsWith(EXTENSION);
}

/**
 * Returns the parts that a text descriptor lists in its directory. Leaves out a listed file that is itself an image and
 * possibly not a part. Returns `undefined` unless inspection accepts the descriptor.
 */
async function partsListedIn(directory: string, name: string): Promise<readonly string[] | undefined> {
  const file = await inspectedIn(directory, name);
  if (file?.image.descriptor === undefined) {
    return undefined;
  }
  const { image, header } = file;
  const extents = image.extentFiles.map(({ path }) => basename(path));
  const tracking = trackingIn(directory, header.changeTracking);
  // It is unknown here whether the parent can be used. If the parent cannot be used, the disk cannot be read, but an
  // extent that is itself an image can be.
  const doubtful = header.backing === undefined ? tracking : [...extents, ...tracking];
  const images = new Set<string>();
  for (const part of doubtful) {
    if ((await inspectedIn(directory, part)) !== undefined) {
      images.add(part);
    }
  }
  return [...extents, ...tracking].filter((part) => !images.has(part));
}

/**
 * Returns the name of the change tracking file in a list. The list is empty if the file is in another directory or is
 * not named like a change tracking file.
 */
function trackingIn(directory: string, path = ''): readonly string[] {
  const absolute = resolve(directory, path);
  return CHANGE_TRACKING.test(path) && dirname(absolute) === resolve(directory) ? [basename(absolute)] : [];
}
