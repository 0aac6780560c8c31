import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeEsxiChain } from '../fixtures/esxi-disk.js';
import { deterministicBytes, runTool } from '../fixtures/index.js';

const KiB = 1024;
const DISK_BYTES = 1024 * KiB;

/** A small disk image to corrupt. */
export interface SampleImage {
  readonly file: string;
  /** qemu's name of the format. */
  readonly format: string;
  /** Words for `qemu-img convert`. */
  readonly convert?: readonly string[];
  /** Whether the image is an overlay on the raw content, with a few ranges of its own. */
  readonly isOverlay?: boolean;
  /** The file to corrupt in place of `file`: the only extent of a VMDK. */
  readonly extent?: string;
}

const option = (text: string) => ['-o', text];

/** Images that are mapped and decompressed without qemu. */
export const MAPPED_SAMPLES: readonly SampleImage[] = [
  { file: 'version-2.qcow2', format: 'qcow2', convert: option('compat=0.10') },
  { file: 'version-3.qcow2', format: 'qcow2' },
  { file: 'clusters-512.qcow2', format: 'qcow2', convert: option('cluster_size=512') },
  { file: 'subclusters.qcow2', format: 'qcow2', convert: option('extended_l2=on,cluster_size=16k') },
  { file: 'deflate.qcow2', format: 'qcow2', convert: ['-c', ...option('cluster_size=4k')] },
  { file: 'overlay.qcow2', format: 'qcow2', isOverlay: true },
  { file: 'dynamic.vhdx', format: 'vhdx', convert: option('block_size=1M,log_size=1M') },
];

/** Images that are read with qemu's tools. */
export const OTHER_SAMPLES: readonly SampleImage[] = [
  { file: 'zstd.qcow2', format: 'qcow2', convert: ['-c', ...option('compression_type=zstd')] },
  { file: 'sparse.vmdk', format: 'vmdk', convert: option('subformat=monolithicSparse') },
  { file: 'stream.vmdk', format: 'vmdk', convert: option('subformat=streamOptimized') },
  { file: 'flat.vmdk', format: 'vmdk', convert: option('subformat=monolithicFlat') },
  { file: 'split.vmdk', format: 'vmdk', convert: option('subformat=twoGbMaxExtentSparse') },
  { file: 'esxi-000001.vmdk', format: 'vmdk', extent: 'esxi-000001-delta.vmdk' },
  { file: 'esxi-000004.vmdk', format: 'vmdk', extent: 'esxi-000004-sesparse.vmdk' },
  { file: 'dynamic.vdi', format: 'vdi' },
  { file: 'dynamic.vhd', format: 'vpc', convert: option('force_size=on') },
  { file: 'fixed.vhd', format: 'vpc', convert: option('subformat=fixed,force_size=on') },
  { file: 'plain.qed', format: 'qed' },
  { file: 'plain.hdd', format: 'parallels' },
  { file: 'first.qcow', format: 'qcow' },
];

/** Creates the images that an earlier call has not created. */
export async function makeSamples(directory: string, samples: readonly SampleImage[]): Promise<void> {
  const raw = join(directory, 'content.raw');
  if (!existsSync(raw)) {
    await writeFile(raw, content());
  }
  for (const sample of samples) {
    const path = join(directory, sample.file);
    if (existsSync(`${path}.made`)) {
      continue;
    }
    await rm(path, { force: true });
    await make(raw, path, sample);
    await writeFile(`${path}.made`, '');
  }
}

async function make(
  raw: string,
  path: string,
  { format, convert = [], isOverlay = false, extent }: SampleImage,
): Promise<void> {
  if (extent !== undefined) {
    await writeEsxiChain(dirname(path), 'esxi', await readFile(raw));
    return;
  }
  if (!isOverlay) {
    await runTool('qemu-img', ['convert', '-f', 'raw', '-O', format, ...convert, raw, path]);
    return;
  }
  // The backing file's name is relative, so that it is the same in every run.
  await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', raw, path]);
  await runTool('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', 'content.raw', path]);
  await runTool('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 100k 100k', '-c', 'write -z 512k 64k', path]);
}

/** Returns noise, zeros, compressible text, zeros, and noise that begins within a block. */
function content(): Buffer {
  const bytes = Buffer.alloc(DISK_BYTES);
  bytes.set(deterministicBytes('noise', 150 * KiB), 0);
  bytes.fill('virt-similarity ', 300 * KiB, 420 * KiB);
  bytes.set(deterministicBytes('end', 40 * KiB), DISK_BYTES - 40 * KiB);
  return bytes;
}
