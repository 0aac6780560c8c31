import type { Tool } from '@virt-similarity/image-tools';
import { SERVER_CPU_SECONDS } from '@virt-similarity/image-tools';
import type { Compression } from '../inspection/containers.js';

/** A program that decompresses its standard input to its standard output. */
export interface Decompressor {
  readonly tool: Tool;
  readonly arguments: readonly string[];
  /** Arguments that limit the memory of the program; absent if no file can make it use more than 16 MiB. */
  readonly limiting?: readonly string[];
  /**
   * The arguments in place of `limiting` for a file that needs more memory. The default limit of a tool's address
   * space, 4 GiB, still applies.
   */
  readonly unlimited?: readonly string[];
}

const limits = { cpuSeconds: SERVER_CPU_SECONDS };

/** zstd also decompresses gzip, in half the time that gzip takes. zstd accepts windows of up to 2 GiB. */
const ZSTD: Decompressor = {
  tool: { command: 'zstd', package: 'zstd', limits },
  arguments: ['-d', '-c', '-q'],
  limiting: ['--long=27'],
  unlimited: ['--long=31'],
};

export const DECOMPRESSORS: Readonly<Record<Compression, Decompressor>> = {
  gzip: ZSTD,
  zstd: ZSTD,
  xz: {
    tool: { command: 'xz', package: 'xz-utils', limits },
    arguments: ['-d', '-c', '-q', '-T0'],
    limiting: ['--memlimit-decompress=256MiB'],
    unlimited: ['--memlimit-mt-decompress=256MiB'],
  },
  // Without -q, because a quiet bzip2 does not warn about bytes after the end.
  bzip2: { tool: { command: 'bzip2', package: 'bzip2', limits }, arguments: ['-d', '-c'] },
};

/** How zstd and xz report that a file needs more memory than their limit. */
export const NEEDS_MORE_MEMORY = /requires too much memory|Memory usage limit reached/;
