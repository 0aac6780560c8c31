import { join } from 'node:path';
import { messageOf, VirtSimilarityError } from '../errors.js';
import { placeFileAtomically } from '../files/atomic-file.js';
import { fileError, systemCode } from '../files/file-error.js';
import { isLocalDirectory } from '../files/local-file-system.js';
import type { OpenDirectory } from '../files/open-directory.js';
import {
  closeRegularFile,
  type LocatedFile,
  openRegularFile,
  openRegularFileSync,
  readExactly,
  readExactlySync,
} from '../files/regular-file.js';
import { sweepTemporaryFiles } from '../files/temporary-files.js';
import { listCacheDirectory, withCacheDirectory, withNewCacheDirectory } from '../store/cache-directory.js';
import {
  damagedSegment,
  isSegmentName,
  readSegmentLayout,
  type Segment,
  type SegmentLayout,
  segmentEndOf,
  segmentHeaderOf,
} from './segment.js';

/** The segments of an index in a private directory of the user, one file each. */
export class SegmentDirectory {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Returns all segments that can be used; none if the directory does not exist. Removes the files of damaged segments,
   * and temporary files of processes that have ended.
   *
   * @param onBad called with the error of each segment that cannot be used
   * @throws as `withCacheDirectory` and `listCacheDirectory`.
   */
  async list(onBad: (error: unknown) => void): Promise<Segment[]> {
    return withCacheDirectory(this.#path, async (directory) => {
      if (directory === undefined) {
        return [];
      }
      const names = await listCacheDirectory(directory);
      await sweepTemporaryFiles(directory, names);
      const segments: Segment[] = [];
      for (const name of names.filter(isSegmentName)) {
        try {
          segments.push(await this.#open(directory, name));
        } catch (thrown) {
          onBad(thrown);
          if (thrown instanceof VirtSimilarityError && thrown.code === 'corrupt') {
            await directory.remove(name).catch(() => {});
          }
        }
      }
      return segments;
    });
  }

  /**
   * Writes a segment, and returns the segment in the file.
   *
   * @throws as `withNewCacheDirectory` and `placeFileAtomically`, which includes what `windows` throws.
   */
  async write(
    keys: readonly string[],
    windows: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<Segment> {
    const { name, bytes } = segmentHeaderOf(keys);
    const sizes: number[] = [];
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield bytes;
      for await (const window of windows) {
        sizes.push(window.length);
        yield window;
      }
      yield segmentEndOf(sizes);
    }
    await withNewCacheDirectory(this.#path, (directory) =>
      placeFileAtomically(directory, chunks(), (temporary) => directory.rename(temporary, name), {
        mode: 0o600,
        signal,
      }),
    );
    return this.#segment(name, { keys, windowSizes: sizes, windowsAt: bytes.length });
  }

  /** Removes segments, if they exist. Errors are ignored: a segment that stays does no harm. */
  async remove(names: readonly string[]): Promise<void> {
    await withCacheDirectory(this.#path, async (directory) => {
      for (const name of names) {
        await directory?.remove(name).catch(() => {});
      }
    }).catch(() => {});
  }

  async #open(directory: OpenDirectory, name: string): Promise<Segment> {
    const path = join(directory.path, name);
    const layout = await withFile(directory, name, async (file) => {
      const read = async (length: number, position: number): Promise<Uint8Array> => {
        const bytes = new Uint8Array(length);
        await fill(file, path, bytes, position);
        return bytes;
      };
      return readSegmentLayout({ path, size: Number(file.stats.size), read }, name);
    });
    return this.#segment(name, layout);
  }

  #segment(name: string, { keys, windowSizes, windowsAt }: SegmentLayout): Segment {
    const path = join(this.#path, name);
    return {
      keys,
      windowSizes,
      path,
      read: (call) =>
        withCacheDirectory(this.#path, async (directory) => {
          if (directory === undefined) {
            throw new VirtSimilarityError('unreadable', `cannot read ${path}: its directory was removed`, {
              image: path,
            });
          }
          return withFile(directory, name, (file) => {
            let position = windowsAt;
            return call((target) => {
              const start = position;
              position += target.length;
              return fill(file, path, target, start);
            });
          });
        }),
    };
  }
}

async function withFile<Result>(
  directory: OpenDirectory,
  name: string,
  call: (file: LocatedFile) => Promise<Result>,
): Promise<Result> {
  const path = join(directory.path, name);
  const options = { noFollow: true, place: directory.pathOf(name) };
  const isLocal = await isLocalDirectory(directory.path);
  const file = isLocal ? { ...openRegularFileSync(path, options), isLocal } : await openRegularFile(path, options);
  try {
    return await call(file);
  } finally {
    await closeRegularFile(file);
  }
}

/**
 * Fills `target` with the bytes from `position` on.
 *
 * @throws `corrupt` if the file ends too early, `unavailable` if a system resource is exhausted, and `unreadable` for
 *   any other system error.
 */
async function fill(
  { descriptor, isLocal }: LocatedFile,
  path: string,
  target: Uint8Array,
  position: number,
): Promise<void> {
  try {
    if (isLocal) {
      readExactlySync(descriptor, target, position);
    } else {
      await readExactly(descriptor, target, position);
    }
  } catch (thrown) {
    throw systemCode(thrown) === undefined
      ? damagedSegment(path, messageOf(thrown))
      : fileError(thrown, `cannot read ${path}`, path);
  }
}
