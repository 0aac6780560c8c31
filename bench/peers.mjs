import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's interpreter, which sees Debian's packages, rather than another that may come first in PATH. */
export const PYTHON = '/usr/bin/python3';

/** The outside programs that rows need: their Debian package, and how they tell their version. */
const PEERS = {
  openssl: { package: 'openssl', version: ['openssl', 'version'] },
  xxhsum: { package: 'xxhash', version: ['xxhsum', '--version'] },
  b3sum: { package: 'b3sum', version: ['b3sum', '--version'] },
  duperemove: { package: 'duperemove', version: ['duperemove', '--version'] },
  'qemu-img': { package: 'qemu-utils', version: ['qemu-img', '--version'] },
  'qemu-io': { package: 'qemu-utils', version: ['qemu-io', '--version'] },
  'qemu-nbd': { package: 'qemu-utils', version: ['qemu-nbd', '--version'] },
  nbdcopy: { package: 'libnbd-bin', version: ['nbdcopy', '--version'] },
  cat: { package: 'coreutils', version: ['cat', '--version'] },
  scipy: { package: 'python3-scipy', version: [PYTHON, '-c', 'import scipy; print("SciPy", scipy.__version__)'] },
  fastcluster: {
    package: 'python3-fastcluster',
    version: [PYTHON, '-c', 'import fastcluster; print("fastcluster", fastcluster.__version__)'],
  },
};

/** Why a row cannot run: the first of its tools that is missing, with its remedy; undefined where all are there. */
export function missingTool(tools) {
  const missing = tools.find((tool) => versionOf(tool) === undefined);
  if (missing === undefined) {
    return undefined;
  }
  return `${missing} is not installed (Debian: ${PEERS[missing].package}); npm run bench installs it when run as root`;
}

/** The first line that the program says about its version; undefined where it is missing. */
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
