import { writeSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { SIGNALS, signalOfExitCode } from './exit-codes.js';

/**
 * Milliseconds after which a terminated thread or a file-system call is considered hung: `interrupted` after a signal,
 * otherwise `done`.
 */
const HANG_TIMEOUT_MS = { interrupted: 100, done: 2000 };
const CHECK_INTERVAL_MS = 10;

/** The names of pending file-system calls among the active resources of Node.js. */
const FILE_REQUEST = /^FSReq|^FileHandleCloseReq$/i;

const threads = new Set<Worker>();

/** Records all threads for {@link endProcess}. Call it before any thread is started. */
export function watchThreads(): void {
  process.on('worker', (thread) => {
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
  });
}

/**
 * Ends the process with an exit code, even if work is still in progress.
 *
 * `process.exit` waits for every thread, and a thread never ends if it calls a file system that does not respond. In
 * that case, this function calls the exit listeners, which remove temporary files, and then kills the process with the
 * signal that the exit code denotes, or, after an error message, with SIGKILL if the code denotes none. After this
 * call, signals have their default action.
 */
export function endProcess(exitCode: number): void {
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
  }
  process.exitCode = exitCode;
  for (const thread of threads) {
    // Ignores errors that are thrown while the thread is being terminated.
    thread.on('error', () => {});
    void thread.terminate();
  }
  const signal = signalOfExitCode(exitCode);
  const deadline = performance.now() + (signal === undefined ? HANG_TIMEOUT_MS.done : HANG_TIMEOUT_MS.interrupted);
  const attempt = () => {
    if (threads.size === 0 && !hasPendingFileRequests()) {
      process.exit();
    }
    if (performance.now() > deadline) {
      if (signal === undefined) {
        writeSync(2, 'virt-similarity: error: a file system does not respond; ending the process with SIGKILL\n');
      }
      process.emit('exit', exitCode);
      process.kill(process.pid, signal ?? 'SIGKILL');
    }
    setTimeout(attempt, CHECK_INTERVAL_MS);
  };
  attempt();
}

function hasPendingFileRequests(): boolean {
  return process.getActiveResourcesInfo().some((name) => FILE_REQUEST.test(name));
}
