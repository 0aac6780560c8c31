import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentsOf } from './vector-set.mjs';

const PYTHON = '/usr/bin/python3';
const SCRIPT = `
import sys, time
import numpy, scipy
from scipy.spatial.distance import pdist
path, disks, blocks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
labels = numpy.fromfile(path, dtype=numpy.int32).reshape(disks, blocks)
start, cpu_start = time.perf_counter(), time.process_time()
distances = pdist(labels, 'hamming')
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start
print(scipy.__version__, seconds, cpu, round(float(distances.sum()) * blocks))
`;

/** What SciPy, in one thread, needs for the first disks of the set, already in memory as 32-bit labels. */
export class ScipyPdist {
  #directory;
  #path;

  constructor(disks, blocks) {
    this.disks = disks;
    this.blocks = blocks;
    this.#directory = mkdtempSync(join(tmpdir(), 'virt-similarity-bench-'));
    this.#path = join(this.#directory, 'labels');
    const labels = Array.from({ length: disks }, (_, disk) => Buffer.from(contentsOf(disk, blocks).buffer));
    writeFileSync(this.#path, Buffer.concat(labels));
  }

  /** The version, the seconds, those of a processor, and the sum of all distances in blocks; nothing without SciPy. */
  run() {
    const threads = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    const args = ['-c', SCRIPT, this.#path, String(this.disks), String(this.blocks)];
    const { status, stdout } = spawnSync(PYTHON, args, { encoding: 'utf8', env: { ...process.env, ...threads } });
    if (status !== 0) return undefined;
    const [version, seconds, cpu, sum] = stdout.trim().split(' ');
    return { version, seconds: Number(seconds), cpu: Number(cpu), sum: Number(sum) };
  }

  close() {
    rmSync(this.#directory, { recursive: true });
  }
}
