import { spawn } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runTool } from '../../fixtures/run-tool.js';

/** A file on a separate FUSE file system. */
export interface MountedFile {
  readonly path: string;
  unmount(): Promise<void>;
}

/** Mounts a raw image as a file with an unreadable block, using FUSE and an NBD server that fails for this block. */
export async function mountFailingDisk(
  image: { readonly path: string; readonly size: number },
  bad: { readonly offset: number; readonly length: number },
  directory: string,
): Promise<MountedFile> {
  await mkdir(directory);
  const end = bad.offset + bad.length;
  const fails = `if [ $(($4+$3)) -gt ${bad.offset} ] && [ $4 -lt ${end} ]; then echo "EIO bad block" >&2; exit 1; fi`;
  const reads = `dd "if=${image.path}" skip=$4 count=$3 iflag=skip_bytes,count_bytes status=none`;
  const server = [
    'nbdkit',
    '-s',
    '--exit-with-parent',
    'eval',
    `get_size=echo ${image.size}`,
    `pread=${fails}; ${reads}`,
  ];
  const path = join(directory, 'disk.raw');
  const child = spawn('nbdfuse', [path, '--command', ...server], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  await Promise.race([appearance(path), ended.then(() => Promise.reject(new Error('nbdfuse exited')))]);
  return {
    path,
    unmount: async () => {
      await runTool('fusermount3', ['-u', directory]);
      await ended;
    },
  };
}

async function appearance(path: string): Promise<void> {
  for (;;) {
    try {
      await access(path);
      return;
    } catch {
      await delay(20);
    }
  }
}
