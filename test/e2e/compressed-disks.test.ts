import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Workplace } from './command.js';
import { rawImage } from './sample-images.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await workplace.write('disk.raw', rawImage(1, 2, 0, 4, 5, 0));
  make('gzip -k disk.raw; xz -k disk.raw; zstd -q disk.raw; bzip2 -k disk.raw; cp disk.raw.gz renamed.img');
  make('split -b 100000 -d -a 3 --numeric-suffixes=1 disk.raw disk.img.; qemu-img convert -O qcow2 disk.raw a.qcow2');
});

afterAll(() => workplace.remove());

/** Runs shell commands in the workplace. */
function make(commands: string): void {
  execFileSync('bash', ['-e', '-c', commands], { cwd: workplace.directory });
}

const COMPRESSED = ['disk.raw.gz', 'disk.raw.xz', 'disk.raw.zst', 'disk.raw.bz2'];
const JSON_REPORT = ['--no-cache', '-O', 'json'];

test('a raw disk has distance 0 from the same disk in a compressed file and in parts', async () => {
  const images = ['disk.raw', ...COMPRESSED, 'renamed.img', 'disk.img.001'];
  const { code, stdout, stderr } = await workplace.run('-q', ...JSON_REPORT, ...images);
  const { distances } = JSON.parse(stdout) as { distances: number[] };
  expect({ code, distances }).toEqual({ code: 0, distances: Array(21).fill(0) });
  expect(stderr).toMatch(/^virt-similarity: warning: .*renamed\.img: treated as gzip, because its header says so\n$/);
});

test('a directory includes compressed disks', async () => {
  make('mkdir directory; cp disk.raw disk.raw.gz disk.raw.zst directory; gzip -c a.qcow2 > directory/a.qcow2.gz');
  const { code, stdout, stderr } = await workplace.run('-q', ...JSON_REPORT, 'directory');
  const { distances } = JSON.parse(stdout) as { distances: number[] };
  expect({ code, distances }).toEqual({ code: 0, distances: [0, 0, 0] });
  expect(stderr).toMatch(/left out of directory: 1 file without the extension of a disk image/);
});

test.each([
  ['a qcow2 image in a compressed file', 'gzip -c a.qcow2 > a.gz', 'a.gz'],
  ['a tar archive in a compressed file', 'tar -czf vm.box a.qcow2', 'vm.box'],
  ['an archive', 'python3 -m zipfile -c vm.zip a.qcow2', 'vm.zip'],
  ['parts of which one is missing', 'cp disk.img.001 b.001; cp disk.img.003 b.003', 'b.001'],
])('%s is refused', async (_, commands, name) => {
  make(commands);
  const { code, stderr } = await workplace.run('-q', '--no-cache', 'disk.raw', name);
  expect(code).toBe(4);
  expect(stderr).toMatch(/error: .*(?:unpack it with|restore the missing parts)/);
});

test('a damaged compressed file is corrupt, and the others are reported', async () => {
  make('head -c -9 disk.raw.gz > cut.raw.gz');
  const { code, stderr } = await workplace.run('-q', '--no-cache', 'disk.raw', 'disk.raw.zst', 'cut.raw.gz');
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /error: \[raw\] cannot read cut\.raw\.gz: zstd: premature gz end; restore it from a good copy/,
  );
});

test('doctor reports the programs that decompress', async () => {
  const { stdout } = await workplace.run('doctor');
  for (const program of ['zstd', 'xz', 'bzip2']) {
    expect(stdout).toMatch(new RegExp(`^${program} +(?:\\S+ +)*decompresses raw images`, 'm'));
  }
});
