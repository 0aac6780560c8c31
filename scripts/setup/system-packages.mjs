import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { isCommand, run, say, tail } from './command.mjs';

/**
 * The packages, with their programs, that build test inputs: files that are not disk images, and disks that must not
 * be mistaken for such files.
 */
const INPUT_BUILDERS = {
  binutils: 'ar',
  'btrfs-progs': 'mkfs.btrfs',
  bzip2: 'bzip2',
  cpio: 'cpio',
  'cryptsetup-bin': 'cryptsetup',
  dosfstools: 'mkfs.vfat',
  fdisk: 'sfdisk',
  genisoimage: 'genisoimage',
  lz4: 'lz4',
  lzip: 'lzip',
  lzop: 'lzop',
  ncompress: 'compress',
  'ntfs-3g': 'mkfs.ntfs',
  'p7zip-full': '7z',
  'squashfs-tools': 'mksquashfs',
  xfsprogs: 'mkfs.xfs',
  xorriso: 'xorrisofs',
  'xz-utils': 'xz',
  zstd: 'zstd',
};

/**
 * The Debian and Ubuntu packages, with the goals that need them, their purpose, and a check for systems without dpkg.
 * `any` marks a package that any equivalent package can replace, so that only the check counts.
 */
const PACKAGES = [
  {
    name: 'qemu-utils',
    for: ['demo', 'tests', 'bench'],
    purpose: 'building images, and reading most formats',
    present: () => isCommand('qemu-img'),
  },
  { name: 'e2fsprogs', for: ['demo', 'tests'], purpose: 'building ext4 images', present: () => isCommand('debugfs') },
  { name: 'qemu-block-extra', for: ['tests'], purpose: 'dmg images', present: () => isCommand('qemu-img') },
  { name: 'guestfish', for: ['tests'], purpose: 'the libguestfs reader', present: () => isCommand('guestfish') },
  { name: 'libguestfs-tools', for: ['tests'], purpose: 'the libguestfs reader', present: () => isCommand('guestfish') },
  { name: kernelPackage(), for: ['tests'], purpose: 'the libguestfs appliance', present: hasKernel, any: true },
  { name: 'nbdkit', for: ['tests'], purpose: 'the libguestfs reader', present: () => isCommand('nbdkit') },
  {
    name: 'libnbd-bin',
    for: ['tests', 'bench'],
    purpose: 'NBD clients to check against',
    present: () => isCommand('nbdinfo'),
  },
  {
    name: 'libvirt-clients',
    for: ['tests'],
    purpose: "the disks of libvirt's domains",
    present: () => isCommand('virsh'),
  },
  {
    name: 'libvirt-daemon',
    for: ['tests'],
    purpose: "the disks of libvirt's domains",
    present: () => isCommand('libvirtd'),
  },
  {
    name: 'libvirt-daemon-driver-qemu',
    for: ['tests'],
    purpose: 'a domain that runs',
    present: () => isCommand('libvirtd'),
  },
  {
    name: 'qemu-system-x86',
    for: ['tests'],
    purpose: 'a domain that runs',
    present: () => isCommand('qemu-system-x86_64'),
  },
  { name: 'lvm2', for: ['tests'], purpose: 'logical volumes as images', present: () => isCommand('lvs') },
  { name: 'fuse3', for: ['tests'], purpose: 'disks that fail', present: () => isCommand('fusermount3') },
  { name: 'git', for: ['tests'], purpose: 'installing from a clone', present: () => isCommand('git') },
  { name: 'zsh', for: ['tests'], purpose: 'completing in zsh', present: () => isCommand('zsh') },
  { name: 'fish', for: ['tests'], purpose: 'completing in fish', present: () => isCommand('fish') },
  { name: 'mandoc', for: ['tests'], purpose: 'checking manual pages', present: () => isCommand('mandoc') },
  { name: 'groff', for: ['tests'], purpose: 'checking manual pages', present: () => isCommand('groff') },
  { name: 'strace', for: ['tests'], purpose: 'checking system calls', present: () => isCommand('strace') },
  { name: 'chromium', for: ['tests'], purpose: 'checking HTML reports', present: () => isCommand('chromium') },
  { name: 'graphviz', for: ['tests'], purpose: 'checking DOT', present: () => isCommand('dot') },
  { name: 'python3-dendropy', for: ['tests'], purpose: 'checking Newick', present: () => imports('dendropy') },
  { name: 'python3-biopython', for: ['tests'], purpose: 'checking Newick', present: () => imports('Bio') },
  { name: 'python3-networkx', for: ['tests'], purpose: 'checking plans', present: () => imports('networkx') },
  {
    name: 'python3-venv',
    for: ['tests'],
    purpose: "the tutorial's Python packages",
    present: () => imports('ensurepip'),
  },
  { name: 'r-cran-ape', for: ['tests'], purpose: 'checking Newick', present: () => isCommand('Rscript') },
  {
    name: 'util-linux',
    for: ['demo', 'tests', 'bench'],
    purpose: 'limits on external tools',
    present: () => isCommand('prlimit'),
  },
  {
    name: 'bubblewrap',
    for: ['demo', 'tests', 'bench'],
    purpose: 'the sandbox for external tools',
    present: () => isCommand('bwrap'),
  },
  ...Object.entries(INPUT_BUILDERS).map(([name, program]) => ({
    name,
    for: ['tests'],
    purpose: 'files that are not disk images',
    present: () => isCommand(program),
  })),
  { name: 'openssl', for: ['tests', 'bench'], purpose: 'encrypting and hashing', present: () => isCommand('openssl') },
  { name: 'xxhash', for: ['bench'], purpose: 'hashing with xxh128', present: () => isCommand('xxhsum') },
  { name: 'b3sum', for: ['bench'], purpose: 'hashing with blake3', present: () => isCommand('b3sum') },
  { name: 'duperemove', for: ['bench'], purpose: 'hashing blocks of files', present: () => isCommand('duperemove') },
  { name: 'zstd', for: ['bench'], purpose: 'compressed disks', present: () => isCommand('zstd') },
  { name: 'pigz', for: ['bench'], purpose: 'compressed disks', present: () => isCommand('pigz') },
  { name: 'python3-scipy', for: ['bench'], purpose: 'comparing vectors', present: () => imports('scipy') },
  { name: 'python3-fastcluster', for: ['bench'], purpose: 'clustering', present: () => imports('fastcluster') },
];

/**
 * Installs the missing packages with apt-get if it exists and this process runs as root; otherwise prints how to
 * install them. Returns the names of the packages that are still missing.
 */
export function installSystemPackages(goal) {
  const missing = missingPackages(goal);
  if (missing.length === 0) {
    return [];
  }
  const list = missing.map(({ name, purpose }) => `${name} (${purpose})`).join(', ');
  const names = missing.map(({ name }) => name);
  if (!isCommand('apt-get')) {
    say(`missing packages: ${list}; install them under these names or those of your distribution`);
    return names;
  }
  if (process.getuid?.() !== 0) {
    say(`missing packages: ${list}; to install them, run:`);
    say(`  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`);
    return names;
  }
  const duration = names.length > 3 ? 'one to three minutes' : 'about 20 s';
  say(`installing system packages with apt-get (${duration}): ${list} …`);
  const failure = aptInstall(names);
  if (failure !== undefined) {
    say(failure);
  }
  return missingPackages(goal).map(({ name }) => name);
}

function aptInstall(names) {
  const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2'];
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  let output = '';
  for (const attempt of ['first', 'second']) {
    const updated = run('apt-get', [...options, 'update'], environment);
    const installed = run('apt-get', [...options, 'install', '--no-install-recommends', ...names], environment);
    if (installed.ok) {
      return undefined;
    }
    output = `${updated.ok ? '' : `${tail(updated.output)}\n`}${tail(installed.output)}`;
    if (attempt === 'first') {
      say('apt-get failed; trying once more …');
    }
  }
  return `apt-get failed twice:\n${output}`;
}

function missingPackages(goal) {
  const wanted = PACKAGES.filter((entry) => entry.for.includes(goal));
  const installed = installedPackages(wanted.map(({ name }) => name));
  return wanted.filter((entry) => {
    const decidedByPackage = installed !== undefined && !entry.any;
    return decidedByPackage ? !installed.has(entry.name) : !entry.present();
  });
}

/** Returns the names of the packages that dpkg has installed, or undefined if dpkg is missing. */
function installedPackages(names) {
  if (!isCommand('dpkg-query')) {
    return undefined;
  }
  // dpkg-query fails if it does not know one of the names, but still lists the others.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg's
  const { output } = run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...names]);
  const lines = output.split('\n').map((line) => line.split(' '));
  return new Set(lines.filter(([, status]) => status === 'installed').map(([name]) => name));
}

/**
 * Returns whether /boot has a kernel that libguestfs can boot: readable, and with its modules. For a kernel that is not
 * readable, prints the remedy.
 */
function hasKernel() {
  return existsSync('/boot') && readdirSync('/boot').some(isUsableKernel);
}

function isUsableKernel(file) {
  const version = file.match(/^vmlinu[xz]-(.+)$/)?.[1];
  if (version === undefined || !existsSync(`/lib/modules/${version}`)) {
    return false;
  }
  try {
    accessSync(`/boot/${file}`, constants.R_OK);
    return true;
  } catch {
    say(`/boot/${file} is readable by root only; libguestfs needs: sudo chmod 0644 /boot/${file}`);
    return false;
  }
}

/** Returns the smallest kernel package for this distribution and processor. */
function kernelPackage() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  if (/^ID(_LIKE)?=.*ubuntu/m.test(release)) {
    return 'linux-image-virtual';
  }
  const architecture = run('dpkg', ['--print-architecture']).output.split('\n')[0] || 'amd64';
  return ['amd64', 'arm64'].includes(architecture)
    ? `linux-image-cloud-${architecture}`
    : `linux-image-${architecture}`;
}

function imports(module) {
  return run('python3', ['-c', `import ${module}`]).ok;
}
