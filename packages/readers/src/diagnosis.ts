import { access, constants, readdir } from 'node:fs/promises';
import { messageOf, throwIfAborted } from '@virt-similarity/core';
import { findProgram, runTool, type Tool, workingSandbox } from '@virt-similarity/image-tools';

/** Milliseconds after which a program that does not tell its version is given up. */
const VERSION_TIMEOUT_MS = 5000;

/** An outside thing that readers use. */
export interface Diagnosis {
  /** The program's name, or what else it is. */
  readonly name: string;
  readonly state: 'present' | 'missing' | 'broken';
  /** Its version where it is present and has one, and what is wrong where it is broken. */
  readonly detail: string;
  /** What it is for. */
  readonly purpose: string;
  /** The Debian packages that have it, separated by blanks, if any have. */
  readonly package: string | undefined;
  /** The readers that do not work without it; `qemu` still reads qcow2 over qcow2 or raw. */
  readonly requiredBy: readonly string[];
}

type Aspect = Pick<Diagnosis, 'purpose' | 'requiredBy'>;

const PROGRAMS: readonly (Tool & Aspect)[] = [
  {
    command: 'qemu-img',
    package: 'qemu-utils',
    purpose: 'formats other than raw and qcow2; tells where raw images have holes',
    requiredBy: ['qemu', 'libguestfs'],
  },
  {
    command: 'qemu-nbd',
    package: 'qemu-utils',
    purpose: 'content that does not stand verbatim in a file',
    requiredBy: ['qemu', 'libguestfs'],
  },
  {
    command: 'guestfish',
    package: 'guestfish libguestfs-tools',
    purpose: 'reading through libguestfs',
    requiredBy: ['libguestfs'],
  },
  { command: 'nbdkit', package: 'nbdkit', purpose: 'hands raw images to libguestfs', requiredBy: ['libguestfs'] },
  {
    command: 'prlimit',
    package: 'util-linux',
    purpose: 'bounds the memory and time that other programs take',
    requiredBy: [],
  },
];

const BUBBLEWRAP: Tool & Aspect = {
  command: 'bwrap',
  package: 'bubblewrap',
  purpose: "the sandbox of qemu's tools; without it formats other than raw and qcow2 are refused",
  requiredBy: ['qemu', 'libguestfs'],
};

/**
 * What of the outside things that readers use is there, with versions. Runs each program once, for its version.
 * Throws `aborted`.
 */
export async function diagnose(signal?: AbortSignal): Promise<Diagnosis[]> {
  const programs = await Promise.all(PROGRAMS.map((program) => diagnoseProgram(program, signal)));
  return [...programs, await diagnoseSandbox(signal), await diagnoseKernel(), await diagnoseKvm()];
}

async function diagnoseProgram(program: Tool & Aspect, signal: AbortSignal | undefined): Promise<Diagnosis> {
  const { command: name, package: packageName, purpose, requiredBy } = program;
  const about = { name, package: packageName, purpose, requiredBy };
  if ((await findProgram(name)) === undefined) {
    return { ...about, state: 'missing', detail: '' };
  }
  try {
    const text = await runTool(program, ['--version'], {
      component: 'doctor',
      timeoutMs: VERSION_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    return { ...about, state: 'present', detail: /\d+(\.\d+)+/.exec(text)?.[0] ?? '' };
  } catch (error) {
    throwIfAborted(signal);
    return { ...about, state: 'broken', detail: messageOf(error) };
  }
}

/** bubblewrap may be there and the system not let it do its work. */
async function diagnoseSandbox(signal: AbortSignal | undefined): Promise<Diagnosis> {
  const [program, sandbox] = await Promise.all([diagnoseProgram(BUBBLEWRAP, signal), workingSandbox()]);
  return program.state !== 'present' || sandbox.works
    ? program
    : { ...program, state: 'broken', detail: sandbox.reason };
}

/** libguestfs boots its appliance with the newest kernel it finds in /boot. */
async function diagnoseKernel(): Promise<Diagnosis> {
  const names = await readdir('/boot').catch(() => []);
  const versions = names.flatMap((name) => /^vmlinu[xz]-(.+)$/.exec(name)?.[1] ?? []);
  return {
    name: 'kernel in /boot',
    state: versions.length > 0 ? 'present' : 'missing',
    detail: versions.join(', '),
    purpose: "boots libguestfs's appliance",
    package: process.arch === 'arm64' ? 'linux-image-cloud-arm64' : 'linux-image-cloud-amd64',
    requiredBy: ['libguestfs'],
  };
}

async function diagnoseKvm(): Promise<Diagnosis> {
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
    // Some nested machines have one that does not work; a launch finds out, and does without.
    detail: isUsable ? 'there, not tried' : isThere ? 'no permission: join the group kvm' : '',
    purpose: "makes libguestfs's appliance start in seconds",
    package: undefined,
    requiredBy: [],
  };
}
