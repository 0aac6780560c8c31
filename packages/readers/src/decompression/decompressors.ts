import type { Tool } from '@virt-similarity/image-tools';
import { SERVER_CPU_SECONDS } from '@virt-similarity/image-tools';
import type { Compression } from '../inspection/containers.js';

/** A program that decompresses its standard input to its standard output. */
export interface Decompressor {
  readonly tool: Tool;
  readonly arguments: readonly string[];
}

const limits = { cpuSeconds: SERVER_CPU_SECONDS };

/** zstd also reads gzip, in half the time that gzip takes. It allows windows of 2 GiB, which a user may have chosen. */
const ZSTD: Decompressor = {
  tool: { command: 'zstd', package: 'zstd', limits },
  arguments: ['-d', '-c', '-q', '--long=31'],
};

/** The program for each compression. */
export const DECOMPRESSORS: Readonly<Record<Compression, Decompressor>> = {
  gzip: ZSTD,
  zstd: ZSTD,
  xz: { tool: { command: 'xz', package: 'xz-utils', limits }, arguments: ['-d', '-c', '-q', '-T0'] },
  // It only warns about bytes after the end, unless it is quiet.
  bzip2: { tool: { command: 'bzip2', package: 'bzip2', limits }, arguments: ['-d', '-c'] },
};
