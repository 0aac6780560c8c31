import type { Writable } from 'node:stream';

/** The stream for results: standard output, even after {@link divertStdout}. */
export const RESULT_STREAM: Writable & { readonly isTTY?: boolean; readonly columns?: number } = process.stdout;

const write = RESULT_STREAM.write;

/**
 * Redirects `process.stdout.write` to standard error, because output of plugins (for example by `console.log`) and of
 * threads would corrupt the report. Only {@link writeResult} still writes to standard output.
 */
export function divertStdout(): void {
  process.stdout.write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    Reflect.apply(process.stderr.write, process.stderr, [chunk, encoding, callback]);
    // If it returned `false`, a thread's output would wait for a drain event of standard output, which never comes.
    return true;
  };
}

/** Writes a piece of a result to a stream. If the stream is standard output, bypasses its redirection. */
export function writeResult(
  stream: Writable,
  piece: string | Uint8Array,
  callback: (error?: Error | null) => void,
): void {
  Reflect.apply(stream === RESULT_STREAM ? write : stream.write, stream, [piece, callback]);
}
