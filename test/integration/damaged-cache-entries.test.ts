import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { HashVectorCache, stampOf } from '@virt-similarity/core';
import { exampleVector, inDirectory } from '../unit/core/vectors/example-vectors.js';

test.each(['flipped', 'truncated'])('the cache warns and does not find an entry that is %s at any byte', (damage) =>
  inDirectory(async (parent) => {
    const image = join(parent, 'disk.raw');
    await writeFile(image, 'disk');
    const stamp = stampOf(image, await stat(image, { bigint: true }));
    const identity = { chain: [{ format: 'raw', parts: [stamp] }] };
    const directory = join(parent, 'similarity-cache');
    const warnings: string[] = [];
    const cache = new HashVectorCache(directory, (message) => warnings.push(message));
    const subject = { identity, algorithm: 'sha256', hasherVersion: '1', blockSize: 65_536 };
    await cache.store(exampleVector(1, { identity, digestLength: 1 }));
    expect(await cache.find(subject)).toBeDefined();
    const path = join(directory, (await readdir(directory))[0]!);
    const bytes = await readFile(path);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await writeFile(path, damage === 'flipped' ? changed : bytes.subarray(0, at));
      expect(await cache.find(subject)).toBeUndefined();
    }
    expect(warnings).toHaveLength(bytes.length);
    expect(warnings[0]).toContain('its SHA-256 is not the one in its name');
  }),
);
