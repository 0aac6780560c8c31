import type { ErrorCode } from '@virt-similarity/core';

/** Success. */
export const EXIT_DONE = 0;
/** An internal error: a bug in the program. It is `EX_SOFTWARE` of sysexits.h, since 1 means that two images differ. */
export const EXIT_DEFECT = 70;
/** An invalid command line, environment variable or configuration file. */
export const EXIT_USAGE = 2;
/** Some images failed and the rest are reported, or a plugin failed. */
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

/** The exit codes and their meanings, for help texts and manuals. */
export const EXIT_MEANINGS: readonly (readonly [codes: string, meaning: string])[] = [
  ['0', 'success'],
  ['1', 'two images differ (diff)'],
  ['2', 'usage error'],
  ['3', 'some images failed'],
  ['4', 'refused'],
  ['5', 'corrupt or unreadable'],
  ['6', 'in use or changed'],
  ['7', 'tool or resource missing'],
  ['70', 'internal error'],
  ['129, 130 and 143', 'interrupted'],
];

/** Returns the exit code for an error that ended the run. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[code];
}

/** The numbers of the signals that interrupt a run. */
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that interrupts a run. */
export type HandledSignal = keyof typeof SIGNAL_NUMBERS;

export const SIGNALS = Object.keys(SIGNAL_NUMBERS) as readonly HandledSignal[];

/**
 * Returns the exit code of a process that a signal ended, following the convention of shells: 128 plus the signal's
 * number.
 */
export function exitCodeOfSignal(signal: HandledSignal): number {
  return 128 + SIGNAL_NUMBERS[signal];
}

/** Returns the signal that an exit code denotes; `undefined` if it denotes none. */
export function signalOfExitCode(exitCode: number): HandledSignal | undefined {
  return SIGNALS.find((signal) => exitCodeOfSignal(signal) === exitCode);
}
