import { mkdtemp, open, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Journal } from '#rebase/apply/journal.js';
import type { PlanFile, PlanFileReference } from '#rebase/apply/plan-file.js';
import { PlanState } from '#rebase/apply/plan-state.js';
import { settled } from '../../fixtures/index.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-plan-'));
});

afterAll(() => rm(directory, { recursive: true }));

/** Writes a file for each item of `bases`. Returns a plan in which the item is the base of the file. */
async function planOf(bases: readonly PlanFileReference[]): Promise<PlanFile> {
  const images = bases.map(async (base, index) => {
    const path = join(directory, `${index}.raw`);
    await writeFile(path, 'content');
    const { dev: device, ino: inode, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return {
      path,
      virtualSize: 7,
      isFormatStated: true,
      chain: [{ format: 'raw', files: [{ kind: 'file' as const, path, device, inode, size, mtimeNs, ctimeNs }] }],
      base,
      isWritten: base !== null,
      emptyOverlayBytes: bases.some((other) => other !== null && 'image' in other && other.image === index) ? 1 : 0,
      bytes: 0,
    };
  });
  return {
    version: 1,
    blockSize: 65_536,
    bytesNow: 0,
    bytesPlanned: 0,
    bytesToWrite: 0,
    leftOut: [],
    images: await Promise.all(images),
    newBases: [],
    id: 'plan',
    text: '',
  };
}

async function withState(plan: PlanFile, use: (state: PlanState) => Promise<void>): Promise<void> {
  const state = new PlanState(plan, Journal.forTrial([]));
  try {
    await use(state);
  } finally {
    await state.close();
  }
}

/** Changes the content of a file, and resets its access and modification times. */
async function writeSecretly(path: string): Promise<void> {
  await settled([path]);
  const { atime, mtime } = await stat(path);
  const file = await open(path, 'r+');
  await file.write('x');
  await file.close();
  await utimes(path, atime, mtime);
}

test('bases come before the images that use them in the list of changed images', async () => {
  const plan = await planOf([{ image: 2 }, { image: 0 }, { image: 3 }, null]);
  await withState(plan, async ({ changedImages }) => expect(changedImages).toEqual([3, 2, 0, 1]));
});

test('a write is detected even if the modification time of the file was reset', async () => {
  const plan = await planOf([null, { image: 0 }]);
  // Sets times that utimes can restore exactly.
  for (const { chain } of plan.images) {
    const [file] = chain[0]!.files as [(typeof chain)[0]['files'][0]];
    await utimes(file.path, 1_000_000_000, 1_000_000_000);
    Object.assign(file, { mtimeNs: 1_000_000_000_000_000_000n });
  }
  await withState(plan, async (state) => {
    await state.requirePlanned();
    await state.link(0, state.paths.base(0));
    await state.requirePlanned();
    const [base] = state.basesOf(1);
    expect(await state.isBaseUnchanged(base!)).toBe(true);
    await writeSecretly(state.paths.image(0));
    expect(await state.isBaseUnchanged(base!)).toBe(false);
    await expect(state.requirePlanned()).rejects.toThrow(/0\.raw has changed since the plan was made; plan again/);
    await expect(state.link(0, state.paths.original(0))).rejects.toThrow(/0\.raw has changed/);
  });
});
