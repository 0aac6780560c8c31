import type { Writable } from 'node:stream';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { RESULT_STREAM, writeResult } from './result-stream.js';

/**
 * Writes results, awaiting every piece, so that nothing is cut off when the process ends and no more than a piece is
 * kept in memory. Ends quietly when the reader has gone (`| head`); throws `unavailable` on any other failure.
 */
export async function writeStdout(
  pieces: Iterable<string> | AsyncIterable<string>,
  stream: Writable = RESULT_STREAM,
): Promise<void> {
  // The stream also emits what it hands to the callback, which would end the process if nobody listened.
  const ignore = () => {};
  stream.on('error', ignore);
  try {
    for await (const piece of pieces) {
      await writePiece(stream, piece);
    }
  } catch (error) {
    if (!(error instanceof StreamFailure)) {
      throw error;
    }
    if ((error.cause as NodeJS.ErrnoException).code !== 'EPIPE') {
      const message = `cannot write to standard output: ${messageOf(error.cause)}`;
      throw new VirtSimilarityError('unavailable', message, { cause: error.cause });
    }
  }
}

/** Tells the stream's failures from those of whoever makes the pieces. */
class StreamFailure extends Error {}

function writePiece(stream: Writable, piece: string): Promise<void> {
  return new Promise((resolve, reject) => {
    writeResult(stream, piece, (error) => (error ? reject(new StreamFailure('write', { cause: error })) : resolve()));
  });
}
