import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { settled } from '../fixtures/settled.js';

const TMPFS = 0x01021994;
const BLOCK = 65_536;

/** A Python program that maps a file into memory. It writes each line of stdin to the first 4 bytes of the mapping. */
const MAPPER = `
import mmap, os, sys
file = os.open(sys.argv[1], os.O_RDWR)
memory = mmap.mmap(file, 0)
os.close(file)
for line in sys.stdin:
    memory[0:4] = line.strip().encode()
    print("written", flush=True)
`;

test('an image is read again after a change through a mapping, even if the page was not written out', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mapped-'));
  if ((await statfs(directory)).type === TMPFS) {
    console.warn('skipped: tmpfs records no times of changes through mappings; set TMPDIR to another file system');
    return;
  }
  const images = ['mapped.raw', 'a.raw', 'b.raw'].map((name) => join(directory, name)) as [string, string, string];
  for (const [index, content] of ['    ', 'AAAA', 'BBBB'].entries()) {
    await writeFile(images[index]!, content.padEnd(BLOCK));
  }
  const mapper = spawn('python3', ['-c', MAPPER, images[0]], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface(mapper.stdout)[Symbol.asyncIterator]();
  const write = async (text: string) => {
    mapper.stdin.write(`${text}\n`);
    expect((await answers.next()).value).toBe('written');
  };
  const analyzer = createAnalyzer({ plugins: [readers, hashers] });
  const distances = async () =>
    Array.from((await analyzer.analyze(images, { cache: join(directory, 'cache') })).distances.values);
  try {
    await write('AAAA');
    await settled(images);
    expect(await distances()).toEqual([0, 1, 1]);
    await write('BBBB');
    expect(await distances()).toEqual([1, 0, 1]);
  } finally {
    mapper.stdin.end();
    await once(mapper, 'exit');
    await rm(directory, { recursive: true });
  }
});
