import { describe, expect, test } from '@jest/globals';
import { VirtSimilarityError } from '@virt-similarity/core';
import fc from 'fast-check';
import { closeParts, launchApart } from '#readers/libguestfs/launch-apart.js';
import type { ApplianceDrive } from '#readers/libguestfs/launch-appliance.js';

interface FakeAppliance {
  readonly drives: readonly ApplianceDrive[];
  close(): Promise<void>;
}

/** Returns a launcher, the running appliances and a count of launches. No appliance with a hostile drive starts. */
function launcher(isHostile: (key: string) => boolean) {
  const running = new Set<FakeAppliance>();
  const counts = { launches: 0 };
  const launch = async (drives: readonly ApplianceDrive[]): Promise<FakeAppliance> => {
    counts.launches += 1;
    if (drives.some(({ socketPath }) => isHostile(socketPath))) {
      throw new VirtSimilarityError('unavailable', 'the appliance did not start');
    }
    const appliance = { drives, close: async () => void running.delete(appliance) };
    running.add(appliance);
    return appliance;
  };
  return { launch, running, counts };
}

function drivesOf(count: number): Map<string, ApplianceDrive> {
  return new Map(Array.from({ length: count }, (_, at) => [`${at}`, { socketPath: `${at}`, virtualSize: 512 }]));
}

test('harmless drives share one appliance', async () => {
  const { launch, counts } = launcher(() => false);
  const parts = await launchApart(drivesOf(64), launch);
  expect(parts).toMatchObject([{ outcome: 'running', keys: [...drivesOf(64).keys()] }]);
  expect(counts.launches).toBe(1);
});

test('one hostile drive of 64 fails alone, after 14 launches', async () => {
  const { launch, running, counts } = launcher((key) => key === '37');
  const parts = await launchApart(drivesOf(64), launch);
  expect(parts.filter(({ outcome }) => outcome === 'failed').flatMap(({ keys }) => keys)).toEqual(['37']);
  expect(counts.launches).toBe(14);
  await closeParts(parts);
  expect(running.size).toBe(0);
});

test('rejects with the first failure if an appliance without drives does not start either', async () => {
  let launches = 0;
  const launch = async (): Promise<FakeAppliance> => {
    launches += 1;
    throw new VirtSimilarityError('unavailable', `launch ${launches} failed`);
  };
  await expect(launchApart(drivesOf(64), launch)).rejects.toThrow('launch 1 failed');
  expect(launches).toBe(2);
});

describe('an interruption', () => {
  test.each([1, 2, 3, 5])('at launch %i leaves no appliance running', async (at) => {
    const { launch, running, counts } = launcher((key) => key === '7');
    const interrupted = async (drives: readonly ApplianceDrive[]) => {
      if (counts.launches + 1 === at) {
        throw new VirtSimilarityError('aborted', 'interrupted');
      }
      return launch(drives);
    };
    await expect(launchApart(drivesOf(8), interrupted)).rejects.toMatchObject({ code: 'aborted' });
    expect(running.size).toBe(0);
  });
});

test('only hostile drives fail, and every other drive is in an appliance, for any hostile drives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 19 })),
      async (n, bad) => {
        const { launch } = launcher((key) => bad.includes(Number(key)));
        const parts = await launchApart(drivesOf(n), launch);
        expect(parts.flatMap(({ keys }) => keys)).toEqual([...drivesOf(n).keys()]);
        for (const part of parts) {
          if (part.outcome === 'failed') {
            expect(part.keys.map(Number).every((key) => bad.includes(key))).toBe(true);
            expect(part.keys).toHaveLength(1);
          } else {
            expect(part.appliance.drives.map(({ socketPath }) => socketPath)).toEqual(part.keys);
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});
