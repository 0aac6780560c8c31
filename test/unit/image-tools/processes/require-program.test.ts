import { describe, expect, test } from '@jest/globals';
import { requireProgram } from '@virt-similarity/image-tools';
import { withFakeProgram } from '../../../fixtures/index.js';

const TOOL = { command: 'virt-similarity-test-tool', package: 'test-tools' };

describe('a required program', () => {
  test('is accepted if it prints its version', async () => {
    await withFakeProgram(TOOL.command, '[ "$1" = --version ]', () => requireProgram(TOOL, { component: 'x' }));
  });

  test('is unavailable if it fails, with its message and its package', async () => {
    await withFakeProgram(TOOL.command, 'echo no library >&2; exit 7', async () => {
      await expect(requireProgram(TOOL, { component: 'x' })).rejects.toMatchObject({
        code: 'unavailable',
        message: `[x] ${TOOL.command} ended with status 7: no library; install test-tools again`,
      });
    });
  });

  test('is unavailable if it is missing', async () => {
    await expect(requireProgram(TOOL, { component: 'x' })).rejects.toMatchObject({ code: 'unavailable' });
  });
});
