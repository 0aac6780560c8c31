import { execFileSync } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { inspect } from '#readers/inspection/inspect.js';
import { runTool } from '../../fixtures/index.js';
import { qcow2File } from '../../unit/readers/inspection/headers.js';

test('the rebase command in a refusal states the format and keeps the backing file', async () => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-rebase-')));
  const [base, path] = ['base.raw', 'top.qcow2'].map((name) => join(directory, name)) as [string, string];
  await writeFile(base, qcow2File());
  await writeFile(path, qcow2File({ backing: 'base.raw' }));
  const options = { allowedDirectories: [directory] };
  const refusal = await inspect({ path }, options).catch((thrown: unknown) => thrown);
  const [, command] = /(qemu-img rebase -u -F raw .*) or qemu-img rebase -u -F qcow2 .*$/.exec(String(refusal))!;
  // Creates an overlay that qemu can open, because the first overlay is only a header.
  await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', '-u', '-b', 'base.raw', '-F', 'qcow2', path, '1M']);
  execFileSync('bash', ['-c', command!]);
  expect((await inspect({ path }, options)).backing).toMatchObject({ format: 'raw', file: { path: base } });
  await rm(directory, { recursive: true });
});
