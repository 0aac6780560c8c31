import { describe, expect, test } from '@jest/globals';
import { exitCodeOf, exitCodeOfSignal, signalOfExitCode } from '#cli/exit-codes.js';

describe('exit codes', () => {
  test.each([
    ['usage', 2],
    ['plugin', 3],
    ['refused', 4],
    ['corrupt', 5],
    ['unreadable', 5],
    ['in-use', 6],
    ['changed', 6],
    ['unavailable', 7],
    ['aborted', 130],
  ] as const)('map the error code %s to %d', (code, exitCode) => {
    expect(exitCodeOf(code)).toBe(exitCode);
  });

  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('map an interruption by %s to %d', (signal, exitCode) => {
    expect(exitCodeOfSignal(signal)).toBe(exitCode);
    expect(signalOfExitCode(exitCode)).toBe(signal);
  });
});
