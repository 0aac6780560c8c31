import { constants, openSync, readSync } from 'node:fs';
import { classifyFailure, messageOf, VirtSimilarityError, wording } from '../errors.js';
import { type ExpectedFile, isExpected } from '../identity/chain.js';
import { systemPath } from './path-text.js';
import { closeDescriptor, statusOfSync } from './regular-file.js';

/**
 * Opens a file of an image, or a block device, for reading. Synchronous, for worker threads. The caller closes the
 * descriptor.
 *
 * @throws `changed` if another file is at the path, or if the file's state differs from the stamp and the file is not
 *   `volatile`; `unavailable` if a system resource is exhausted, such as open files; `unreadable` if the file cannot be
 *   opened for another reason.
 */
export function openExpectedFile(file: ExpectedFile): number {
  let descriptor: number;
  try {
    descriptor = openSync(
      systemPath(file.stamp.path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } catch (cause) {
    const { code, ending } = classifyFailure(
      cause,
      'unreadable',
      'check that it still exists and that you can read it',
    );
    throw new VirtSimilarityError(code, wording`cannot open ${file.stamp.path}: ${messageOf(cause)}${ending}`, {
      cause,
    });
  }
  if (isExpected(file, statusOfSync(descriptor))) {
    return descriptor;
  }
  closeDescriptor(descriptor);
  const problem = `${file.stamp.path} was written to or replaced while it was being read`;
  throw new VirtSimilarityError('changed', `${problem}; stop the program that writes to it and run again`);
}

/**
 * Fills `target` with the bytes from `offset` on.
 *
 * @throws `changed` if the file ends too early, `unavailable` if a system resource is exhausted, and `unreadable` for
 *   any other system error.
 */
export function readExpectedFile(file: ExpectedFile, descriptor: number, target: Buffer, offset: number): void {
  for (let done = 0; done < target.length; ) {
    const read = readAt(file, descriptor, target, done, offset + done);
    if (read === 0) {
      throw new VirtSimilarityError(
        'changed',
        `${file.stamp.path} ends at byte ${offset + done}, but was longer when it was opened; ` +
          'stop the program that writes to it and run again',
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
