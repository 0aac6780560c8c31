import { setMaxListeners } from 'node:events';
import { endProcess } from './end-process.js';
import { exitCodeOfSignal, type HandledSignal, SIGNALS } from './exit-codes.js';

/**
 * Milliseconds that a run has to end after a signal. Together with the exit itself, this stays below one second.
 */
const GRACE_MS = 600;

/** The state of interruption by SIGINT, SIGTERM or SIGHUP. */
export interface Interruption {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** Returns the exit code for the first signal; `undefined` if there was no signal. */
  exitCode(): number | undefined;
  /** Restores the default action of the signals. */
  stopListening(): void;
}

/**
 * Listens for signals. The first signal asks the run to end and clean up; if the run has not ended within 0.6 seconds,
 * the process is ended. A second signal ends the process at once. In both cases, the process is ended even if a file
 * system does not respond (see `endProcess`).
 *
 * @param onExit called before the process is ended because the run did not end in time after the first signal
 */
export function listenForInterruption(onExit: () => void): Interruption {
  const controller = new AbortController();
  // Many concurrent operations listen to the abort signal.
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
    // Ends work that does not react to the abort signal, such as a plugin.
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
