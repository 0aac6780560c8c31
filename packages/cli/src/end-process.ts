import { writeSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { SIGNALS, signalOfExitCode } from './exit-codes.js';

/** Milliseconds after which a thread that was ended, or a call to a file system, is taken for one that never ends. */
const PATIENCE_MS = { interrupted: 100, done: 2000 };
const LOOKED_EVERY_MS = 10;

/** Calls that a thread of Node.js's pool is in, by their names among the active resources. */
const FILE_REQUEST = /^FSReq|^FileHandleCloseReq$/i;

const threads = new Set<Worker>();

/** Keeps track of threads, so that {@link endProcess} knows them. To be called before any is started. */
export function watchThreads(): void {
  process.on('worker', (thread) => {
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
  });
}

/**
 * Ends the process with an exit code, whatever is still under way.
 *
 * `process.exit` waits for every thread, and a thread in a call to a file system that does not answer never ends. Where
 * there is one, exit listeners are called, which remove temporary files, and the process then ends by the signal that the
 * exit code denotes, or by SIGKILL where it denotes none. After this call, signals have their default action.
 */
export function endProcess(exitCode: number): void {
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
  }
  process.exitCode = exitCode;
  for (const thread of threads) {
    // An error thrown while the thread is terminated is ignored.
    thread.on('error', () => {});
    void thread.terminate();
  }
  const signal = signalOfExitCode(exitCode);
  const deadline = performance.now() + (signal === undefined ? PATIENCE_MS.done : PATIENCE_MS.interrupted);
  const attempt = () => {
    if (threads.size === 0 && !waitsForFiles()) {
      process.exit();
    }
    if (performance.now() > deadline) {
      if (signal === undefined) {
        writeSync(2, 'virt-similarity: error: a file system does not answer, so the process ends by SIGKILL\n');
      }
      process.emit('exit', exitCode);
      process.kill(process.pid, signal ?? 'SIGKILL');
    }
    setTimeout(attempt, LOOKED_EVERY_MS);
  };
  attempt();
}

function waitsForFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => FILE_REQUEST.test(name));
}
