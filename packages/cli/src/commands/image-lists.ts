import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { type DiskSource, pathText, systemPath } from '@virt-similarity/core';
import { systemReasonOf, throwIfAborted, VirtSimilarityError } from '@virt-similarity/core/errors';
import { type NamedImage, STANDARD_INPUT } from './named-image.js';

/** The largest list in bytes: room for a hundred thousand long paths. */
const MOST_BYTES = 64 * 2 ** 20;
const LINE_FEED = 0x0a;
const NUL = 0x00;

/**
 * Returns the images, with each list replaced by the images that it names. Relative names refer to the working
 * directory. Empty names are skipped. Bytes that are not UTF-8 are encoded as by `pathText`.
 *
 * @param options.null whether names end with NUL instead of a line feed
 * @throws `usage` if standard input is named twice, or if a list names no image or contains NUL without `options.null`;
 *   `unreadable` if a list cannot be read; `refused` if a list is larger than 64 MiB; `aborted` if the signal fires.
 */
export async function readImageLists(
  named: readonly NamedImage[],
  { signal, ...options }: { readonly null: boolean; readonly signal: AbortSignal },
): Promise<DiskSource[]> {
  const lists = named.flatMap((each) => ('list' in each ? each.list : []));
  if (lists.filter((list) => list === STANDARD_INPUT).length > 1) {
    throw new VirtSimilarityError('usage', 'standard input (-) is named twice; name it once');
  }
  const images: DiskSource[] = [];
  for (const each of named) {
    if (!('list' in each)) {
      images.push(each);
      continue;
    }
    const { list, ...stated } = each;
    const content = await readList(list, signal);
    const subject = subjectOf(list);
    if (!options.null && content.includes(NUL)) {
      throw usage(`expected one name on each line of ${subject}, found NUL; add --null if its names end with NUL`);
    }
    const paths = namesIn(content, options.null ? NUL : LINE_FEED);
    if (paths.length === 0) {
      throw usage(`${subject} names no image; write one name on each line`);
    }
    for (const path of paths) {
      images.push({ path, ...stated });
    }
  }
  return images;
}

async function readList(list: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    const stream: Readable = list === STANDARD_INPUT ? process.stdin : createReadStream(systemPath(list));
    signal.addEventListener('abort', () => stream.destroy(), { once: true });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) {
        const found = `expected a list of at most 64 MiB in ${subjectOf(list)}, found more`;
        throw new VirtSimilarityError('refused', `${found}; name the file with the names of images`);
      }
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof VirtSimilarityError) {
      throw cause;
    }
    throwIfAborted(signal);
    const problem = `cannot read ${subjectOf(list)}: ${systemReasonOf(cause)}`;
    throw new VirtSimilarityError('unreadable', `${problem}; name a file that lists images`, { cause });
  }
  return Buffer.concat(chunks);
}

function namesIn(content: Buffer, end: number): string[] {
  const names: string[] = [];
  for (let start = 0; start < content.length; ) {
    const found = content.indexOf(end, start);
    const stop = found === -1 ? content.length : found;
    if (stop > start) {
      names.push(pathText(content.subarray(start, stop)));
    }
    start = stop + 1;
  }
  return names;
}

function subjectOf(list: string): string {
  return list === STANDARD_INPUT ? 'standard input' : `the list ${list}`;
}

function usage(problem: string): VirtSimilarityError {
  return new VirtSimilarityError('usage', problem);
}
