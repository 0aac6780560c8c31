import { describe, expect, test } from '@jest/globals';
import { findSources } from '#cli/commands/find-sources.js';

const reader = (plugin: string) => ({ kind: 'reader', name: 'raw', plugin, url: undefined }) as const;

describe('the images of a run', () => {
  test('must have been named', async () => {
    await expect(findSources([], [])).rejects.toThrow(/expected disk images, found none/);
  });

  test('are not a mistyped command', async () => {
    await expect(findSources([{ path: 'doctr' }], [])).rejects.toThrow(/did you mean 'doctor'\?$/);
  });

  test('have a format that is known', async () => {
    const images = [{ path: 'a', format: 'qcow3' }, { path: 'b' }];
    await expect(findSources(images, [reader('@virt-similarity/readers')])).rejects.toThrow(/did you mean 'qcow2'\?$/);
  });

  test("may have any format where a plugin's reader is there", async () => {
    const images = [{ path: 'a', format: 'new' }, { path: 'b' }];
    expect(await findSources(images, [reader('@virt-similarity/readers'), reader('mine')])).toEqual(images);
  });
});
