import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's Python interpreter, which finds Debian's packages. Another interpreter can come first in PATH. */
export const PYTHON = '/usr/bin/python3';

/** The external programs that rows need: their Debian packages, and the commands that print their versions. */
const PEERS = {
  openssl: { package: 'openssl', version: ['openssl', 'version'] },
  xxhsum: { package: 'xxhash', version: ['xxhsum', '--version'] },
  b3sum: { package: 'b3sum', version: ['b3sum', '--version'] },
  duperemove: { package: 'duperemove', version: ['duperemove', '--version'] },
  'qemu-img': { package: 'qemu-utils', version: ['qemu-img', '--version'] },
  'qemu-io': { package: 'qemu-utils', version: ['qemu-io', '--version'] },
  'qemu-nbd': { package: 'qemu-utils', version: ['qemu-nbd', '--version'] },
  nbdcopy: { package: 'libnbd-bin', version: ['nbdcopy', '--version'] },
  zstd: { package: 'zstd', version: ['zstd', '--version'] },
  pigz: { package: 'pigz', version: ['pigz', '--version'] },
  cat: { package: 'coreutils', version: ['cat', '--version'] },
  scipy: { package: 'python3-scipy', version: [PYTHON, '-c', 'import scipy; print("SciPy", scipy.__version__)'] },
  fastcluster: {
    package: 'python3-fastcluster',
    version: [PYTHON, '-c', 'import fastcluster; print("fastcluster", fastcluster.__version__)'],
  },
};

/** Returns a message about the first missing tool, with the remedy, or undefined if none is missing. */
export function missingTool(tools) {
  const missing = tools.find((tool) => versionOf(tool) === undefined);
  if (missing === undefined) {
    return undefined;
  }
  return `${missing} is not installed (Debian: ${PEERS[missing].package}); npm run bench installs it when run as root`;
}

/** Returns the first line of a program's version output, or undefined if the program is missing or fails. */
export function versionOf(tool) {
  const [command, ...args] = PEERS[tool].version;
  if (!isExecutable(command)) {
    return undefined;
  }
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? `${stdout}${stderr}`.trim().split('\n')[0].trim() : undefined;
}

function isExecutable(command) {
  const candidates = command.startsWith('/')
    ? [command]
    : (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, command));
  return candidates.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
