import { chmod, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deterministicBytes } from '../fixtures/deterministic-bytes.js';
import { writeEsxiChain } from '../fixtures/esxi-disk.js';
import { writeChain } from '../fixtures/format-samples.js';
import { fileDisk, nodeXml } from '../fixtures/libvirt-domains.js';
import { encryptDisk } from '../fixtures/luks-image.js';
import { runTool } from '../fixtures/run-tool.js';
import { Workplace } from './command.js';

const BLOCK = 65_536;
const BLOCKS = 64;

/** Each disk, the disk that it was cloned from, and the blocks that were changed in it since. */
const FAMILY = {
  golden: { parent: undefined, changed: [] },
  luks1: { parent: 'golden', changed: [0] },
  luks2: { parent: 'luks1', changed: [1] },
  base: { parent: 'golden', changed: [10, 11] },
  domain: { parent: 'base', changed: [12] },
  ova: { parent: 'golden', changed: [20, 21, 22, 23, 24] },
  esxi: { parent: 'ova', changed: [25] },
} as const satisfies Record<string, { parent: string | undefined; changed: readonly number[] }>;

type Member = keyof typeof FAMILY;

/** The compared members, by their names in reports and in the order of reports. */
const IMAGES: Readonly<Record<string, Member>> = {
  'golden.raw': 'golden',
  'luks1.img': 'luks1',
  'luks2.luks': 'luks2',
  'appliance.ova:appliance-disk1.vmdk': 'ova',
  'esxi-000004.vmdk': 'esxi',
  'web:vda': 'domain',
};

let workplace: Workplace;
const at = (name: string) => workplace.path(name);

/** Returns the content of a member's disk: the content of its parent's disk, with the member's changes. */
function contentOf(member: Member): Buffer {
  const { parent, changed } = FAMILY[member];
  const content = parent === undefined ? deterministicBytes('golden', BLOCKS * BLOCK) : contentOf(parent);
  for (const block of changed) {
    content.fill(member, block * BLOCK + 100, block * BLOCK + 200);
  }
  return content;
}

/** Returns the number of blocks in which two disks differ. */
function distanceOf(one: Member, other: Member): number {
  const [first, second] = [contentOf(one), contentOf(other)];
  const blocks = Array.from({ length: BLOCKS }, (_, index) => [index * BLOCK, (index + 1) * BLOCK] as const);
  return blocks.filter(([start, end]) => !first.subarray(start, end).equals(second.subarray(start, end))).length;
}

beforeAll(async () => {
  workplace = await Workplace.make();
  for (const member of Object.keys(FAMILY) as Member[]) {
    await writeFile(at(`${member}.raw`), contentOf(member));
  }
  for (const [member, path] of [
    ['luks1', 'luks1.img'],
    ['luks2', 'luks2.luks'],
  ] as const) {
    await writeFile(at(`${member}.key`), `words of ${member}`);
    await chmod(at(`${member}.key`), 0o600);
    await encryptDisk(at(`${member}.raw`), at(path), `words of ${member}`, 'luks', BLOCKS * BLOCK);
  }
  await writeChain([at('base.raw'), at('domain.raw')], [at('base.qcow2'), at('web.qcow2')]);
  await writeFile(at('node.xml'), nodeXml({ name: 'web', devices: fileDisk('vda', at('web.qcow2'), 'qcow2') }));
  const disk = at('appliance-disk1.vmdk');
  await runTool('qemu-img', ['convert', '-O', 'vmdk', '-o', 'subformat=streamOptimized', at('ova.raw'), disk]);
  await runTool('tar', [
    '--format',
    'ustar',
    '-C',
    workplace.directory,
    '-cf',
    at('appliance.ova'),
    'appliance-disk1.vmdk',
  ]);
  await writeEsxiChain(workplace.directory, 'esxi', contentOf('esxi'));
}, 120_000);

afterAll(() => workplace.remove());

test('encrypted clones, a domain with a chain, an OVA and ESXi snapshots form one tree with true distances', async () => {
  const files = ['golden.raw', 'luks1.img', 'luks2.luks', 'appliance.ova', 'esxi-000004.vmdk'];
  const keys = ['luks1', 'luks2'].flatMap((member) => ['--key', `all:file:${at(`${member}.key`)}`]);
  const domain = ['-c', `test://${at('node.xml')}`, '-d', 'web'];
  const words = ['-q', '--no-cache', ...keys, ...files, ...domain, '-O', 'json', '-o', 'tree.txt'];
  const { code, stdout, stderr } = await workplace.run(...words);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { images, distances, clusters } = JSON.parse(stdout) as {
    images: { name: string }[];
    distances: number[];
    clusters: { height: number; images: number[] }[];
  };
  const names = images.map(({ name }) => name);
  expect(names).toEqual(Object.keys(IMAGES));
  const members = Object.values(IMAGES);
  const pairs = members.flatMap((one, index) => members.slice(index + 1).map((other) => distanceOf(one, other)));
  expect(distances).toEqual(pairs);
  // The clusters are the groups of the family as it was built, with their distances.
  const groups = clusters.map(({ height, images: indexes }) => [
    height,
    indexes.map((index) => names[index]).toSorted(),
  ]);
  const clones = ['golden.raw', 'luks1.img', 'luks2.luks'];
  const appliance = ['appliance.ova:appliance-disk1.vmdk', 'esxi-000004.vmdk'];
  expect(groups.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual([
    [1, clones],
    [1, appliance],
    [3, [...clones, 'web:vda']],
    [5, [...appliance, ...clones, 'web:vda'].toSorted()],
  ]);
}, 120_000);
