import type { Writable } from 'node:stream';

/** Where results go: standard output, also once everything else is diverted from it. */
export const RESULT_STREAM: Writable = process.stdout;

const write = RESULT_STREAM.write;

/**
 * Sends what anybody else writes to standard output, such as a plugin by `console.log`, to standard error: it would break
 * a report that a program reads. What threads write comes this way too. Only {@link writeResult} still writes results.
 */
export function divertStdout(): void {
  process.stdout.write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    Reflect.apply(process.stderr.write, process.stderr, [chunk, encoding, callback]);
    // A thread's output waits for standard output to drain, which would never say so.
    return true;
  };
}

/** Writes a piece of a result to a stream; to standard output also where that is diverted. */
export function writeResult(stream: Writable, piece: string, callback: (error?: Error | null) => void): void {
  Reflect.apply(stream === RESULT_STREAM ? write : stream.write, stream, [piece, callback]);
}
