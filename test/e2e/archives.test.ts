import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMAND } from '../fixtures/command.js';
import { type Ended, Workplace } from './command.js';
import { rawImage } from './sample-images.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await workplace.write('disk.raw', rawImage(1, 2, 0, 4, 5, 0));
  await workplace.write('disk2.raw', rawImage(1, 2, 0, 4, 6, 0));
  const commands = [
    'for n in "" 2; do qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk$n.raw vm-disk$n.vmdk; done',
    'qemu-img convert -f raw -O qcow2 disk2.raw box.img; echo "<Envelope/>" > vm.ovf; echo "{}" > metadata.json',
    'tar --format ustar -cf vm.ova vm.ovf vm-disk.vmdk vm-disk2.vmdk; tar -cf lab.box ./metadata.json ./box.img',
    'tar -czf packed.box metadata.json box.img; cp vm.ova renamed.img; gzip -k vm-disk.vmdk',
    'tar -cf packed.ova vm.ovf vm-disk.vmdk.gz; tar -cf none.tar vm.ovf metadata.json',
    'qemu-img create -q -f qcow2 -F qcow2 -b box.img top.qcow2; tar -cf chain.tar top.qcow2 box.img',
    'qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat disk.raw flat.vmdk; tar -cf flat.ova flat.vmdk flat-flat.vmdk',
    'tar -cf twice.tar disk.raw; tar -rf twice.tar disk.raw; truncate -s 1M hole.raw; tar -cSf sparse.tar hole.raw disk.raw',
    'split -b 100000 -d -a 9 vm-disk.vmdk vm-disk.vmdk.; tar -cf parts.ova vm-disk.vmdk.00000000?; rm vm-disk.vmdk.0*',
  ];
  expect(await type(commands.join('; '))).toMatchObject({ code: 0 });
}, 60_000);

afterAll(() => workplace.remove());

/** Runs lines in a shell in the directory of the images, where `virt-similarity` is the command under test. */
function type(line: string): Promise<Ended> {
  const script = `set -e; cd "$1"; shift; virt-similarity() { "\${command[@]}" "$@"; }; command=("$@"); ${line}`;
  return workplace.startBy('bash', ['-c', script, 'bash', workplace.directory, ...COMMAND]).ended;
}

/** Analyses images. Returns the distance of each later image from the first one, by the name of the later image. */
async function distances(...words: string[]): Promise<Record<string, number>> {
  const { code, stdout, stderr } = await type(`virt-similarity -q --no-cache -O json ${words.join(' ')}`);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const report = JSON.parse(stdout) as { images: { name: string }[]; distances: number[] };
  return Object.fromEntries(report.images.slice(1).map(({ name }, index) => [name, report.distances[index]!]));
}

/** Analyses `disk.raw` and an image that must fail, so that the run exits with `code`. Returns the messages. */
async function refusal(word: string, code = 4): Promise<string> {
  const ended = await type(`virt-similarity -q --no-cache disk.raw ${word}`);
  expect(ended).toMatchObject({ code });
  return ended.stderr;
}

function found(message: string, pattern: RegExp): string {
  expect(message).toMatch(pattern);
  return pattern.exec(message)![1]!;
}

test('the disks of an OVA and of a Vagrant box are images, named by the archive and the disk', async () => {
  expect(await distances('disk.raw', 'vm.ova', 'lab.box')).toEqual({
    'vm.ova:vm-disk.vmdk': 0,
    'vm.ova:vm-disk2.vmdk': 1,
    'lab.box:box.img': 1,
  });
});

test('a disk of an archive can be named alone, also with a format', async () => {
  expect(await distances('disk.raw', 'vm.ova:vm-disk2.vmdk')).toEqual({ 'vm.ova:vm-disk2.vmdk': 1 });
  expect(await distances('--format raw disk.raw', '--format qcow2 lab.box:./box.img')).toEqual({
    'lab.box:./box.img': 1,
  });
});

test('a directory includes the disks of the archives in it', async () => {
  await type('mkdir here; cp disk.raw vm.ova here; cp none.tar here/none.tar');
  expect(await distances('here')).toEqual({ 'vm.ova:vm-disk.vmdk': 0, 'vm.ova:vm-disk2.vmdk': 1 });
});

test('disks in archives of the same name in two directories have different names', async () => {
  await type(
    'mkdir one two; tar -cf one/vm.tar disk.raw; cp disk2.raw two/disk.raw; tar -C two -cf two/vm.tar disk.raw',
  );
  expect(await distances('disk.raw', 'one/vm.tar', 'two/vm.tar')).toEqual({
    'one/vm.tar:disk.raw': 0,
    'two/vm.tar:disk.raw': 1,
  });
});

test('an archive that only its content identifies is read in the format that the remedy states', async () => {
  const remedy = found(
    await refusal('renamed.img'),
    /; name it as (--format tar .* --format auto) to read the disks in it, or/,
  );
  expect(await distances('disk.raw', remedy)).toEqual({
    'renamed.img:vm-disk.vmdk': 0,
    'renamed.img:vm-disk2.vmdk': 1,
  });
});

describe('after following the remedy, a disk is read that is', () => {
  test('in a compressed box', async () => {
    const message = await refusal('packed.box');
    await type(found(message, /holds a tar archive, not a disk; unpack it with (.*) first\n/));
    expect(await distances('disk.raw', 'packed.box.tar')).toEqual({ 'packed.box.tar:box.img': 1 });
  });

  test.each([
    [
      'compressed in an archive',
      'packed.ova',
      'vm-disk.vmdk.gz',
      /; unpack the archive with (.*), and name the files in it, or/,
    ],
    [
      'an overlay whose backing file is in the archive',
      'chain.tar:top.qcow2',
      'top.qcow2',
      /; unpack the archive with (.*), and name the image there\n/,
    ],
    [
      'a descriptor with extents in the archive',
      'flat.ova:flat.vmdk',
      'flat.vmdk',
      /; unpack the archive with (.*), and name the image there\n/,
    ],
    ['in an archive twice', 'twice.tar', 'disk.raw', /; unpack it with (.*), which keeps the last one\n/],
    ['stored without its holes', 'sparse.tar', 'hole.raw', /; unpack it with (.*), and name its disks\n/],
    [
      'in parts in an archive',
      'parts.ova',
      'vm-disk.vmdk.000000000',
      /; unpack the archive with (.*) and join the parts with cat first, or/,
    ],
  ])('%s', async (_, word, unpacked, pattern) => {
    const command = found(await refusal(word), pattern);
    await type(`rm -f ${unpacked}`);
    expect(await type(command)).toMatchObject({ code: 0, stderr: '' });
    if (word === 'packed.ova') {
      const unpack = found(await refusal(unpacked), /; unpack it with (.*) first\n/);
      expect(await type(`rm vm-disk.vmdk; ${unpack}`)).toMatchObject({ code: 0 });
      expect(await distances('disk.raw', 'vm-disk.vmdk')).toEqual({ 'vm-disk.vmdk': 0 });
    } else if (word === 'parts.ova') {
      await type('cat vm-disk.vmdk.0* > joined.vmdk');
      expect(await distances('disk.raw', 'joined.vmdk')).toEqual({ 'joined.vmdk': 0 });
    } else {
      expect(Object.keys(await distances('disk2.raw', unpacked))).toEqual([unpacked]);
    }
  });
});

test('an archive without disks is refused with a list of its files', async () => {
  expect(await refusal('none.tar')).toMatch(
    /cannot open none\.tar: it is an archive without disk images: .*, found "vm\.ovf", "metadata\.json"; name an archive/,
  );
});

test('a disk that the archive lacks is reported as missing', async () => {
  expect(await refusal('vm.ova:other.vmdk', 5)).toContain(
    'cannot open vm.ova:other.vmdk: there is no file of this name in the archive; name the archive itself to read all of its disks',
  );
});
