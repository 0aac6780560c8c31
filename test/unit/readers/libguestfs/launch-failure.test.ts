import { expect, test } from '@jest/globals';
import { VirtSimilarityError } from '@virt-similarity/core';
import { ToolFailure } from '#image-tools/processes/tool-failure.js';
import { asLaunchFailure, LaunchFailure } from '#readers/libguestfs/launch-failure.js';

const TOOL_FAILURE = new ToolFailure(
  { command: 'guestfish', package: 'guestfish' },
  { exitCode: 1, signal: undefined, stderr: '' },
);

test('a crash of the appliance is a launch failure, but does not mean that the appliance cannot be built', () => {
  const failure = asLaunchFailure(TOOL_FAILURE, 'qemu-system-x86_64 killed by signal 6 (Aborted).') as LaunchFailure;
  expect(failure).toBeInstanceOf(LaunchFailure);
  expect(failure.isUnbuildable).toBe(false);
  expect(failure.toError()).toMatchObject({ code: 'unavailable' });
});

test('an appliance that cannot be built is reported with a remedy: install a kernel', () => {
  const failure = asLaunchFailure(TOOL_FAILURE, '/usr/bin/supermin exited with error status 1.') as LaunchFailure;
  expect(failure.isUnbuildable).toBe(true);
  expect(failure.toError().message).toContain('install linux-image-cloud-amd64');
});

test('a launch that takes too long is a launch failure', () => {
  const late = new VirtSimilarityError('unavailable', '[libguestfs] guestfish did not end within 120 s');
  expect(asLaunchFailure(late, undefined)).toMatchObject({ message: 'guestfish did not end within 120 s' });
});

test('an interruption is not a launch failure', () => {
  const aborted = new VirtSimilarityError('aborted', 'interrupted');
  expect(asLaunchFailure(aborted, undefined)).toBe(aborted);
});
