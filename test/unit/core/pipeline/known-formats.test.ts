import { expect, test } from '@jest/globals';
import { createAnalyzer, type DiskReader, type Plugin } from '@virt-similarity/core';
import readers from '@virt-similarity/readers';

/** Returns a plugin with a reader of these formats, or of unknown formats. */
function pluginOf(formats?: readonly string[]): Plugin {
  const reader: DiskReader = {
    ...(formats && { formats }),
    identify: async () => undefined,
    open: async () => {
      throw new Error('not opened');
    },
  };
  return { name: 'lz4', readers: { lz4: reader } };
}

const find = (format: string, ...plugins: Plugin[]) =>
  createAnalyzer({ plugins: [readers, ...plugins] }).findImages([{ path: 'disk', format }]);

test('refuses a format that no reader supports, and lists formats with their readers', async () => {
  await expect(find('lz5', pluginOf(['lz4', 'raw']))).rejects.toMatchObject({
    code: 'usage',
    image: 'disk',
    message: expect.stringMatching(
      /^unknown format 'lz5' of disk: expected arrow or one of raw \(nbd, raw, qemu, libguestfs, lz4\), .*qcow2.* \(qemu, libguestfs\), lz4 \(lz4\); did you mean 'lz4'\?$/,
    ),
  });
});

test('accepts formats of plugins and of hash vectors', async () => {
  for (const format of ['lz4', 'qcow2', 'arrow']) {
    expect((await find(format, pluginOf(['lz4']))).sources).toEqual([{ path: 'disk', format }]);
  }
});

test('accepts any format if a reader does not list its formats', async () => {
  expect((await find('lz5', pluginOf())).sources).toHaveLength(1);
});
