import { describe, expect, test } from '@jest/globals';
import { VirtSimilarityError } from '@virt-similarity/core';
import { ApplianceEnd } from '#readers/libguestfs/appliance-end.js';
import { DriveAppliances, type DriveReader } from '#readers/libguestfs/drive-appliances.js';
import type { ApplianceDrive } from '#readers/libguestfs/launch-appliance.js';

/** A fake appliance, with the names of its drives and of the drives that were read. */
interface FakeAppliance extends DriveReader {
  readonly names: readonly string[];
  readonly reads: string[];
  isRunning: boolean;
}

/** Returns whether the appliance with these drives and the number `launch`, from 1, ends when `read` is read. */
type Ends = (read: string, names: readonly string[], launch: number) => boolean;

/** Sets up fake appliances with drives whose bytes are their names. */
function stage(names: readonly string[], ends: Ends, starts: (names: readonly string[]) => boolean = () => true) {
  const launched: FakeAppliance[] = [];
  const warnings: string[] = [];
  const launch = async (drives: readonly ApplianceDrive[]) => {
    const own = drives.map(({ socketPath }) => socketPath);
    if (!starts(own)) {
      throw new VirtSimilarityError('unavailable', '[libguestfs] the appliance did not start');
    }
    const appliance = fakeAppliance(own, launched.length + 1, ends);
    launched.push(appliance);
    return appliance;
  };
  const drives = new Map(names.map((name) => [`key of ${name}`, { socketPath: name, virtualSize: 512 }]));
  const appliances = new DriveAppliances(drives, launch, (message) => void warnings.push(message));
  const read = async (name: string) => (await appliances.transfer(`key of ${name}`, 0, 512, name)).toString();
  return { appliances, launched, warnings, read };
}

/** Returns an appliance that transfers sequentially, like `Appliance`. */
function fakeAppliance(names: readonly string[], launch: number, ends: Ends): FakeAppliance {
  let end: ApplianceEnd | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const transferNow = async (drive: number, image: string) => {
    await new Promise(setImmediate);
    const name = names[drive]!;
    if (end === undefined && ends(name, names, launch)) {
      end = new ApplianceEnd(drive, image, 'killed by signal 9');
    }
    if (end !== undefined) {
      throw end;
    }
    appliance.reads.push(name);
    return Buffer.from(name);
  };
  const appliance: FakeAppliance = {
    names,
    reads: [],
    isRunning: true,
    transfer: (drive, _start, _length, image) => {
      const transfer = last.then(() => transferNow(drive, image));
      last = transfer.catch(() => undefined);
      return transfer;
    },
    close: async () => {
      appliance.isRunning = false;
      await last;
    },
  };
  return appliance;
}

const NAMES = ['a', 'b', 'c', 'd'];

test('all drives are read through one appliance, which is launched once', async () => {
  const { appliances, launched, read } = stage(NAMES, () => false);
  await Promise.all(NAMES.map((name) => appliances.failureOf(`key of ${name}`)));
  expect(await Promise.all(NAMES.map(read))).toEqual(NAMES);
  expect(launched.map(({ names }) => names)).toEqual([NAMES]);
});

describe('if an appliance ends while a drive is read,', () => {
  test('that drive gets its own appliance, the others share another, and all reads succeed', async () => {
    const { launched, warnings, read } = stage(NAMES, (name, _, launch) => name === 'b' && launch === 1);
    expect(await Promise.all(NAMES.map(read))).toEqual(NAMES);
    expect(launched.map(({ names, reads, isRunning }) => ({ names, reads, isRunning }))).toEqual([
      { names: NAMES, reads: ['a'], isRunning: false },
      { names: ['b'], reads: ['b'], isRunning: true },
      { names: ['a', 'c', 'd'], reads: ['c', 'd'], isRunning: true },
    ]);
    expect(warnings).toEqual([expect.stringMatching(/while it read b \(killed by signal 9\)/)]);
  });

  test('the other drives get no appliance unless they are read', async () => {
    const { launched, read } = stage(NAMES, (name, _, launch) => name === 'd' && launch === 1);
    for (const name of NAMES) {
      await read(name);
    }
    expect(launched.map(({ names }) => names)).toEqual([NAMES, ['d']]);
  });

  test('only drives that end every appliance fail', async () => {
    const { launched, read } = stage(NAMES, (name) => name === 'b' || name === 'd');
    const outcomes = await Promise.allSettled(NAMES.map(read));
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.code))).toEqual([
      ...['a', 'unavailable', 'c', 'unavailable'],
    ]);
    expect(launched.map(({ names }) => names.join(''))).toEqual(['abcd', 'b', 'acd', 'd']);
    await expect(read('b')).rejects.toMatchObject({
      image: 'b',
      message: expect.stringMatching(/^\[libguestfs\] cannot read b: .*killed by signal 9; try again/),
    });
    expect(launched).toHaveLength(4);
  });

  test('only a drive that prevents the start of another appliance fails', async () => {
    let hasEnded = false;
    const { read } = stage(
      NAMES,
      (name) => {
        hasEnded ||= name === 'b';
        return name === 'b';
      },
      (names) => !(hasEnded && names.includes('b')),
    );
    const outcomes = await Promise.allSettled(NAMES.map(read));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  test('closing ends all launched appliances, and prevents further launches', async () => {
    const { appliances, launched, read } = stage(NAMES, (name, _, launch) => name === 'b' && launch === 1);
    await Promise.all(['a', 'b'].map(read));
    await appliances.close();
    await appliances.close();
    expect(launched.map(({ isRunning }) => isRunning)).toEqual([false, false]);
    await expect(read('c')).rejects.toMatchObject({ code: 'aborted' });
    expect(launched).toHaveLength(2);
  });
});

test('an error of a drive itself does not end its appliance', async () => {
  const damage = new VirtSimilarityError('unreadable', 'damaged');
  const { launched, warnings, read } = stage(NAMES, (name) => {
    if (name === 'b') {
      throw damage;
    }
    return false;
  });
  await expect(read('b')).rejects.toBe(damage);
  expect(await read('c')).toBe('c');
  expect(launched).toHaveLength(1);
  expect(warnings).toEqual([]);
});
