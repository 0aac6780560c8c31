import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { InspectedImage } from '#image-tools/qemu/inspected-image.js';
import { gaplessEntries, type MapEntry, mapEntries } from '#image-tools/qemu/map-entries.js';
import { withFakeProgram } from '../../../fixtures/index.js';
import { inspectedImage, realLayer } from '../../../fixtures/inspected-image.js';

const CALL = { component: 'qemu', image: 'a.img', sandbox: 'off' } as const;

/** Runs of sectors of data or zeros, as qemu-img prints them. */
const runs = fc.array(fc.record({ sectors: fc.integer({ min: 1, max: 1000 }), zero: fc.boolean() }), { minLength: 1 });

function entriesOf(
  described: readonly { sectors: number; zero: boolean }[],
  from: number,
): { entries: MapEntry[]; end: number } {
  let end = from;
  const entries = described.map(({ sectors, zero }) => {
    const entry = { start: end, length: sectors * 512, depth: 0, zero, data: !zero, offset: end };
    end += entry.length;
    return entry;
  });
  return { entries, end };
}

test('the entries of a map cover its range without gaps, and the last entry is cut off at the end of the range', () => {
  fc.assert(
    fc.property(runs, fc.nat(), fc.integer({ min: 0, max: 511 }), (described, from, missing) => {
      const { entries, end } = entriesOf(described, from);
      let position = from;
      for (const [index, { start, length, zero }] of [
        ...gaplessEntries(entries, from, end - missing, CALL),
      ].entries()) {
        expect({ start, zero }).toEqual({ start: position, zero: described[index]!.zero });
        expect(length).toBeGreaterThan(0);
        position += length;
      }
      expect(position).toBe(end - missing);
    }),
  );
});

describe('mapEntries refuses', () => {
  const run = '"depth":0,"zero":true,"data":false';
  test.each([
    ['output that is not JSON', 'garbage', 'unavailable'],
    ['output that is not a list', '{}', 'unavailable'],
    ['a list of null', '[null]', 'unavailable'],
    ['an entry that does not state whether it has data', '[{"start":0,"length":1024}]', 'unavailable'],
    ['an entry of length 0', `[{"start":0,"length":0,${run}}]`, 'unavailable'],
    ['an entry with a fractional length', `[{"start":0,"length":0.5,${run}}]`, 'unavailable'],
    ['an empty list', '[]', 'corrupt'],
    [
      'entries with a gap between them',
      `[{"start":0,"length":512,${run}},{"start":600,"length":512,${run}}]`,
      'corrupt',
    ],
    ['a map shorter than the disk', `[{"start":0,"length":512,${run}}]`, 'corrupt'],
    ['a map longer than the disk', `[{"start":0,"length":1024,${run}},{"start":1000,"length":1024,${run}}]`, 'corrupt'],
  ])('%s', async (_, json, code) => {
    await withFakeProgram('qemu-img', `echo '${json}'`, async () => {
      await expect(
        mapOf(inspectedImage({ format: 'raw', path: '/images/a.img', file: realLayer() }), 1000),
      ).rejects.toMatchObject({
        code,
      });
    });
  });
});

test('a disk of 0 bytes that is not raw is checked with qemu', async () => {
  const image = inspectedImage({ format: 'vpc', path: '/images/a.vhd', file: realLayer(), virtualSize: 0 });
  await withFakeProgram('qemu-img', `echo '{"virtual-size":512}'`, async () => {
    await expect(mapOf(image, 0)).rejects.toMatchObject({ code: 'refused' });
  });
  await withFakeProgram('qemu-img', 'echo "bad header" >&2; exit 1', async () => {
    await expect(mapOf(image, 0)).rejects.toMatchObject({ code: 'corrupt' });
  });
});

test('a window with too many entries is split into smaller windows', async () => {
  const size = 2 ** 34 + 1000;
  // For a window of more than 1 GiB, prints endlessly. For any other, prints one run of zeros.
  const script = `
    start=\${2#*=} length=\${3#*=}
    [ "$length" -le ${2 ** 30} ] || exec yes "much too much"
    echo "[{\\"start\\":$start,\\"length\\":$length,\\"depth\\":0,\\"zero\\":true,\\"data\\":false}]"`;
  await withFakeProgram('qemu-img', script, async () => {
    const entries = await mapOf(inspectedImage({ format: 'raw', path: '/images/a.img', file: realLayer() }), size);
    expect(entries.at(-1)).toMatchObject({ start: 2 ** 34, length: 1000 });
  });
});

async function mapOf(image: InspectedImage, size: number): Promise<MapEntry[]> {
  const entries: MapEntry[] = [];
  for await (const entry of mapEntries(image, size, CALL)) {
    entries.push(entry);
  }
  return entries;
}
