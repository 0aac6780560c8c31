import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import type { RunningTool } from '@virt-similarity/image-tools';
import { COMPONENT } from './tools.js';

const PAUSE_MS = 20;
const TIMEOUT_MS = 60_000;

/**
 * Waits for the file that a server writes once it is ready, and returns the text of the file. `name` is the server's
 * name in errors.
 *
 * @throws `unavailable` if the server ends first or needs more than a minute; `aborted`.
 */
export async function awaitReadyFile(
  path: string,
  server: RunningTool,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  let exit: Awaited<RunningTool['exited']> | undefined;
  server.exited.then((ended) => {
    exit = ended;
  });
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    throwIfAborted(signal);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      return text;
    }
    if (exit !== undefined) {
      const reason = exit.stderr === '' ? 'it exited immediately' : exit.stderr.replace(/\s*\n\s*/g, '. ');
      throw new VirtSimilarityError('unavailable', `[${COMPONENT}] ${name} did not start: ${reason}`, { cause: exit });
    }
    if (performance.now() > deadline) {
      throw new VirtSimilarityError(
        'unavailable',
        `[${COMPONENT}] ${name} did not start within ${TIMEOUT_MS / 1000} s; try again when the machine is less busy`,
      );
    }
    await delay(PAUSE_MS);
  }
}
