import { access, constants, readdir } from 'node:fs/promises';
import type { DiagnosisRun, Requirement } from '@virt-similarity/core';
import { type DiagnosedProgram, diagnoseProgram, workingSandbox } from '@virt-similarity/image-tools';

/** The package with a kernel for the appliance of libguestfs. */
export const KERNEL_PACKAGE = process.arch === 'arm64' ? 'linux-image-cloud-arm64' : 'linux-image-cloud-amd64';

/** The requirements of this package's readers. */
const REQUIREMENTS = {
  'qemu-img': program('qemu-img', 'qemu-utils', 'formats other than raw, qcow2 and vhdx; finds the holes of files'),
  'qemu-nbd': program('qemu-nbd', 'qemu-utils', 'content that is not stored verbatim in a file'),
  cryptsetup: program('cryptsetup', 'cryptsetup-bin', 'unlocks disks and partitions that are encrypted with LUKS'),
  guestfish: program('guestfish', 'guestfish libguestfs-tools', 'reading through libguestfs'),
  nbdkit: program('nbdkit', 'nbdkit', 'hands raw images to libguestfs'),
  zstd: program('zstd', 'zstd', 'decompresses raw images, also those compressed by gzip'),
  xz: program('xz', 'xz-utils', 'decompresses raw images'),
  bzip2: program('bzip2', 'bzip2', 'decompresses raw images'),
  prlimit: program('prlimit', 'util-linux', 'limits the memory and time that other programs use'),
  bwrap: diagnoseSandbox,
  'kernel in /boot': diagnoseKernel,
  '/dev/kvm': diagnoseKvm,
} as const satisfies Record<string, (signal: AbortSignal | undefined) => Promise<Requirement>>;

export type RequirementName = keyof typeof REQUIREMENTS;

/** The findings of each diagnosis, which are kept because several readers have the same requirements. */
const FOUND = new WeakMap<DiagnosisRun, Map<RequirementName, Promise<Requirement>>>();

/**
 * Returns the state of these requirements, in the order of `names`. Checks each requirement only once in a run;
 * programs are started to get their versions.
 *
 * @throws `aborted`, and as `workingSandbox`.
 */
export function requirementsFound(names: readonly RequirementName[], run: DiagnosisRun): Promise<Requirement[]> {
  const found = FOUND.get(run) ?? new Map<RequirementName, Promise<Requirement>>();
  FOUND.set(run, found);
  for (const name of names) {
    if (!found.has(name)) {
      found.set(name, REQUIREMENTS[name](run.signal));
    }
  }
  return Promise.all(names.map((name) => found.get(name)!));
}

function program(command: string, packageName: string, purpose: string) {
  return (signal: AbortSignal | undefined) => diagnoseProgram({ command, package: packageName, purpose }, signal);
}

const BUBBLEWRAP: DiagnosedProgram = {
  command: 'bwrap',
  package: 'bubblewrap',
  purpose: "the sandbox of qemu's tools; without it formats other than raw, qcow2 and vhdx are refused",
};

/** Checks bubblewrap, which can be installed but blocked by the system. */
async function diagnoseSandbox(signal: AbortSignal | undefined): Promise<Requirement> {
  const [program, sandbox] = await Promise.all([diagnoseProgram(BUBBLEWRAP, signal), workingSandbox()]);
  return program.state !== 'present' || sandbox.works
    ? program
    : { ...program, state: 'broken', detail: sandbox.reason };
}

/** Checks for a kernel in /boot: libguestfs boots its appliance with the newest kernel there. */
async function diagnoseKernel(): Promise<Requirement> {
  const names = await readdir('/boot').catch(() => []);
  const versions = names.flatMap((name) => /^vmlinu[xz]-(.+)$/.exec(name)?.[1] ?? []);
  return {
    name: 'kernel in /boot',
    state: versions.length > 0 ? 'present' : 'missing',
    detail: versions.join(', '),
    purpose: "boots libguestfs's appliance",
    package: KERNEL_PACKAGE,
  };
}

async function diagnoseKvm(): Promise<Requirement> {
  const device = '/dev/kvm';
  const isThere = await access(device, constants.F_OK).then(
    () => true,
    () => false,
  );
  const isUsable = await access(device, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return {
    name: device,
    state: isUsable ? 'present' : isThere ? 'broken' : 'missing',
    // On some nested virtual machines, KVM is present but does not work. A launch then retries without KVM.
    detail: isUsable ? 'present, not tried' : isThere ? 'no permission: join the group kvm' : '',
    purpose: "makes libguestfs's appliance start in seconds",
    package: undefined,
  };
}
