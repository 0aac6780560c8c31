import { describe, expect, test } from '@jest/globals';
import type { DiskReader } from '@virt-similarity/core';
import { findSources } from '#cli/commands/find-sources.js';
import { composeAnalyzer } from '#cli/composition.js';
import { Messages } from '#cli/terminal/messages.js';

const messages = new Messages({ write: () => {} }, { verbosity: 'normal', color: 'never' }, {});
const context = { commandNames: ['analyze', 'doctor'], messages, options: {}, signal: new AbortController().signal };
const LOGGER = { note: () => {} };
const BUILT_IN = composeAnalyzer({ plugins: [], logger: LOGGER });

class MyReader implements DiskReader {
  identify = () => Promise.reject(new Error('not called'));
  open = () => Promise.reject(new Error('not called'));
}

describe('the images of a run', () => {
  test('must be named', async () => {
    await expect(findSources([], BUILT_IN, context)).rejects.toThrow(/expected disk images, found none/);
  });

  test('must not be a mistyped command', async () => {
    await expect(findSources([{ path: 'doctr' }], BUILT_IN, context)).rejects.toThrow(/did you mean 'doctor'\?$/);
  });

  test('must have a known format', async () => {
    const images = [{ path: 'a', format: 'qcow3' }, { path: 'b' }];
    await expect(findSources(images, BUILT_IN, context)).rejects.toThrow(/did you mean 'qcow2'\?$/);
  });

  test("may have any format if a plugin's reader is loaded", async () => {
    const images = [{ path: 'a', format: 'new' }, { path: 'b' }];
    const analyzer = composeAnalyzer({
      plugins: [{ name: 'mine', url: import.meta.url, readers: { mine: MyReader } }],
      logger: LOGGER,
    });
    expect((await findSources(images, analyzer, context)).sources).toEqual(images);
  });
});
