import { setMaxListeners } from 'node:events';
import { endProcess } from './end-process.js';
import { exitCodeOfSignal, type HandledSignal, SIGNALS } from './exit-codes.js';

/** Milliseconds that the run has to end in; together with what exiting takes, that is less than a second. */
const GRACE_MS = 600;

/** The user's wish to stop, from the first SIGINT, SIGTERM or SIGHUP on. */
export interface Interruption {
  /** Fires at the first signal. */
  readonly signal: AbortSignal;
  /** What to exit with; `undefined` unless interrupted. */
  exitCode(): number | undefined;
  /** Gives the signals back to the system. */
  stopListening(): void;
}

/**
 * Listens for signals. The first asks the run to end and to leave nothing behind, and ends the process within a second;
 * the second ends it at once. Neither waits for a file system that does not answer.
 *
 * @param onExit Called where the process is ended although the run has not.
 */
export function listenForInterruption(onExit: () => void): Interruption {
  const controller = new AbortController();
  // Whatever is under way for an image listens to it.
  setMaxListeners(0, controller.signal);
  let exitCode: number | undefined;
  let isListening = true;
  const interrupt = (signal: HandledSignal) => {
    if (exitCode !== undefined) {
      endProcess(exitCodeOfSignal(signal));
      return;
    }
    exitCode = exitCodeOfSignal(signal);
    controller.abort(new Error(`received ${signal}`));
    // Whatever is still under way, such as a plugin that does not listen for one, ends with the process.
    const exit = () => {
      if (isListening) {
        onExit();
      }
      endProcess(exitCodeOfSignal(signal));
    };
    setTimeout(exit, GRACE_MS).unref();
  };
  for (const signal of SIGNALS) {
    process.on(signal, interrupt);
  }
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    stopListening: () => {
      isListening = false;
      for (const signal of SIGNALS) {
        process.off(signal, interrupt);
      }
    },
  };
}
