import type { Writable } from 'node:stream';
import type { ReportPieces } from '@virt-similarity/core';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { RESULT_STREAM, writeResult } from './result-stream.js';

/**
 * Writes results and waits for each piece, so that nothing is lost when the process exits and only one piece is
 * buffered. Returns without an error if the reader has closed the pipe (`| head`).
 *
 * @throws `unavailable` if the stream fails in any other way, and the errors of `pieces`.
 */
export async function writeStdout(pieces: ReportPieces, stream: Writable = RESULT_STREAM): Promise<void> {
  // The stream also emits the errors that it passes to the callback. Without a listener they would end the process.
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

/** A failure of the stream, as opposed to one of the iterable of pieces. */
class StreamFailure extends Error {}

function writePiece(stream: Writable, piece: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    writeResult(stream, piece, (error) => (error ? reject(new StreamFailure('write', { cause: error })) : resolve()));
  });
}
