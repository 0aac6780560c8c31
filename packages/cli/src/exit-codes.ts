import type { ErrorCode } from '@virt-similarity/core';

/** Everything went as asked. */
export const EXIT_DONE = 0;
/** A defect of the program itself. */
export const EXIT_DEFECT = 1;
/** The command line cannot be obeyed as it was given. */
export const EXIT_USAGE = 2;
/** Some images failed; the rest are reported. */
export const EXIT_PARTIAL = 3;

const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  usage: EXIT_USAGE,
  plugin: EXIT_PARTIAL,
  refused: 4,
  corrupt: 5,
  unreadable: 5,
  'in-use': 6,
  changed: 6,
  unavailable: 7,
  aborted: 130,
};

/** The exit code of an error that ended the run. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[code];
}

/** Signals that interrupt a run, with their numbers. */
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that interrupts a run. */
export type HandledSignal = keyof typeof SIGNAL_NUMBERS;

export const SIGNALS = Object.keys(SIGNAL_NUMBERS) as readonly HandledSignal[];

/** The exit code of a process that a signal ended, as shells count it: 128 and the signal's number. */
export function exitCodeOfSignal(signal: HandledSignal): number {
  return 128 + SIGNAL_NUMBERS[signal];
}

/** The signal that an exit code denotes, if any. */
export function signalOfExitCode(exitCode: number): HandledSignal | undefined {
  return SIGNALS.find((signal) => exitCodeOfSignal(signal) === exitCode);
}
