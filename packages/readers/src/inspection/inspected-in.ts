import { type InspectedFile, inspectFile } from './inspect-file.js';
import { PinnedPath } from './pinned-path.js';

/**
 * Inspects an image in a directory, without its backing image. Returns `undefined` if inspection refuses the image or
 * fails. Never rejects.
 */
export async function inspectedIn(directory: string, name: string): Promise<InspectedFile | undefined> {
  try {
    const pinned = await PinnedPath.directory(directory);
    try {
      const options = { allowedDirectories: [await pinned.realPath()] };
      return await inspectFile(
        { path: `${directory}/${name}`, noFollow: true, stated: undefined, statedBy: 'user', reference: name },
        options,
      );
    } finally {
      await pinned.close();
    }
  } catch {
    return undefined;
  }
}
