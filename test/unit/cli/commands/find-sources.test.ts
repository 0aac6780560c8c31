import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { DiskReader } from '@virt-similarity/core';
import { findSources } from '#cli/commands/find-sources.js';
import { composeAnalyzer } from '#cli/composition.js';
import { Messages } from '#cli/terminal/messages.js';

const messages = new Messages({ write: () => {} }, { verbosity: 'normal', color: 'never' }, {});
const context = {
  commands: [{ name: 'analyze' }, { name: 'doctor' }],
  messages,
  options: {},
  signal: new AbortController().signal,
};
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

  test('can be named by a list', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'image-lists-'));
    try {
      const list = join(directory, 'list');
      const found = async (content: string | Buffer, options = {}) => {
        await writeFile(list, content);
        const named = [{ path: 'a' }, { list, format: 'raw' }];
        const { sources } = await findSources(named, BUILT_IN, { ...context, options });
        return sources.map(({ path, format }) => `${path} ${format}`);
      };
      expect(await found('b\n\n c\nd')).toEqual(['a undefined', 'b raw', ' c raw', 'd raw']);
      expect(await found('b\nc\0d\0', { null: true })).toEqual(['a undefined', 'b\nc raw', 'd raw']);
      expect(await found(Buffer.of(0x62, 0xff, 0x0a))).toEqual(['a undefined', 'b\udcff raw']);
      await expect(found('\n')).rejects.toThrow(`the list ${list} names no image; write one name on each line`);
      await expect(found('b\0c\0')).rejects.toThrow(/found NUL; add --null/);
      await expect(found(Buffer.alloc(64 * 2 ** 20 + 1, 'b'))).rejects.toThrow(/at most 64 MiB/);
      const twice = [{ list: '-' }, { list: '-' }];
      await expect(findSources(twice, BUILT_IN, context)).rejects.toThrow(/is named twice/);
      const missing = [{ list: join(directory, 'missing') }];
      await expect(findSources(missing, BUILT_IN, context)).rejects.toThrow(/cannot read the list .*missing: /);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test("can have any format if a plugin's reader is loaded", async () => {
    const images = [{ path: 'a', format: 'new' }, { path: 'b' }];
    const analyzer = composeAnalyzer({
      plugins: [{ name: 'mine', url: import.meta.url, readers: { mine: MyReader } }],
      logger: LOGGER,
    });
    expect((await findSources(images, analyzer, context)).sources).toEqual(images);
  });
});
