import { constants, openSync, readSync } from 'node:fs';
import { classifyFailure, messageOf, VirtSimilarityError, wording } from '../errors.js';
import { type ExpectedFile, isExpected } from '../identity/chain.js';
import { systemPath } from './path-text.js';
import { closeDescriptor, statusOfSync } from './regular-file.js';

/**
 * Opens a file of an image, which may be a block device, for reading. Synchronous, for worker threads. The caller
 * closes the descriptor.
 *
 * @throws `changed` if it is not the expected file, `unreadable`, and `unavailable` if too many files are open.
 */
export function openExpectedFile(file: ExpectedFile): number {
  let descriptor: number;
  try {
    descriptor = openSync(
      systemPath(file.stamp.path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } catch (cause) {
    const { code, ending } = classifyFailure(cause, 'unreadable', 'check the storage that it is on');
    throw new VirtSimilarityError(code, wording`cannot open ${file.stamp.path}: ${messageOf(cause)}${ending}`, {
      cause,
    });
  }
  if (isExpected(file, statusOfSync(descriptor))) {
    return descriptor;
  }
  closeDescriptor(descriptor);
  const problem = `${file.stamp.path} was written to or replaced while it was being read`;
  throw new VirtSimilarityError('changed', `${problem}; stop what is writing to it and run again`);
}

/**
 * Fills `target` with the bytes from `offset` on.
 *
 * @throws `changed` if the file ends too early, and `unreadable`.
 */
export function readExpectedFile(file: ExpectedFile, descriptor: number, target: Buffer, offset: number): void {
  for (let done = 0; done < target.length; ) {
    const read = readAt(file, descriptor, target, done, offset + done);
    if (read === 0) {
      throw new VirtSimilarityError(
        'changed',
        `${file.stamp.path} ends at byte ${offset + done}, but was longer when it was opened; ` +
          'stop what is writing to it and run again',
      );
    }
    done += read;
  }
}

function readAt(file: ExpectedFile, descriptor: number, target: Buffer, start: number, offset: number): number {
  try {
    return readSync(descriptor, target, start, target.length - start, offset);
  } catch (cause) {
    const { code, ending } = classifyFailure(cause, 'unreadable', 'check the storage that it is on');
    const problem = `cannot read ${file.stamp.path} at byte ${offset}: ${messageOf(cause)}`;
    throw new VirtSimilarityError(code, wording`${problem}${ending}`, { cause });
  }
}
