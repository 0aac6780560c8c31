import { endianness } from 'node:os';

/** The files that a program under the filter is allowed to open for writing: all that its mounts allow, or none. */
export type WritePolicy = 'as-mounted' | 'denied';

/** The constants of one processor architecture. */
interface Architecture {
  /** `AUDIT_ARCH_…` of linux/audit.h. */
  readonly audit: number;
  /** The column of {@link DENIED} that holds its numbers. */
  readonly column: 0 | 1;
  readonly clone: number;
  readonly clone3: number;
  readonly socket: number;
  readonly ioctl: number;
  /** System calls that accept the flags of open(2), and the index of that argument. */
  readonly opening: readonly { readonly number: number; readonly flags: number }[];
  /** The first number of the second set of system calls (x32), which no tool uses. */
  readonly foreign?: number | undefined;
}

const ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, Architecture>>> = {
  x64: {
    audit: 0xc000_003e,
    column: 0,
    clone: 56,
    clone3: 435,
    socket: 41,
    ioctl: 16,
    opening: [
      { number: 2, flags: 1 },
      { number: 257, flags: 2 },
    ],
    foreign: 0x4000_0000,
  },
  arm64: {
    audit: 0xc000_00b7,
    column: 1,
    clone: 220,
    clone3: 435,
    socket: 198,
    ioctl: 29,
    opening: [{ number: 56, flags: 2 }],
  },
};

/**
 * System calls that reach beyond their own process, and that no tool needs to read an image. Each has its number on
 * x86-64 and, if the call exists there, its number on arm64 (from the kernel's unistd.h).
 */
const DENIED: Readonly<Record<string, readonly [number, number?]>> = {
  // Mounts and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  unshare: [272, 97],
  setns: [308, 268],
  // Files by handle, which bypass mounts; device nodes.
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  mknod: [133],
  mknodat: [259, 33],
  fanotify_init: [300, 262],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  // Other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  move_pages: [279, 239],
  migrate_pages: [256, 238],
  // Keys, programs in the kernel, and interfaces that bypass this filter.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // The machine as a whole.
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  syslog: [103, 116],
  iopl: [172],
  ioperm: [173],
  modify_ldt: [154],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  vhangup: [153, 58],
  personality: [135, 92],
  // Its flags are in memory, which a filter cannot read.
  openat2: [437, 437],
};

/** The flags of clone(2) that create a namespace: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e02_0000;
/** AF_UNIX, the only socket family allowed. */
const UNIX_SOCKETS = 1;
/** ioctl(2) requests that type into a terminal: TIOCSTI, TIOCLINUX. */
const TYPING_REQUESTS = [0x5412, 0x541c];
/** The flags of open(2) that can change a file: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC. */
const WRITING = 0o1103;
/** creat(2) on x86-64. */
const CREAT = 85;

// linux/filter.h and linux/seccomp.h.
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_ANY_BIT = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const FAIL = 0x0005_0000;
const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;

/** Offsets in `struct seccomp_data`, in bytes: the call's number, the architecture, the lower half of an argument. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number) => 16 + index * 8;

const INSTRUCTION_BYTES = 8;

/** One instruction of classic BPF. Both jumps go forward and count from the next instruction. */
interface Instruction {
  readonly code: number;
  readonly ifTrue?: number | undefined;
  readonly ifFalse?: number | undefined;
  readonly value: number;
}

/**
 * Builds a seccomp filter for bwrap's `--seccomp`. The calls of {@link DENIED}, new namespaces, sockets other than Unix
 * sockets, and typing into a terminal fail with EPERM. clone3(2) and the calls of x32 fail with ENOSYS. If `writing` is
 * `denied`, opening a file for writing fails with EACCES. A call of a foreign architecture kills the program. Every
 * other call is allowed. Returns `undefined` on processors other than x86-64 and little-endian arm64.
 *
 * Format: https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
 */
export function systemCallFilter(
  writing: WritePolicy,
  architecture: NodeJS.Architecture = process.arch,
): Uint8Array | undefined {
  const machine = ARCHITECTURES[architecture];
  if (machine === undefined || endianness() !== 'LE') {
    return undefined;
  }
  const denied = Object.values(DENIED).flatMap((numbers) => numbers[machine.column] ?? []);
  return encode([
    { code: LOAD, value: ARCHITECTURE },
    ...unless(JUMP_IF_EQUAL, machine.audit, KILL_PROCESS),
    { code: LOAD, value: NUMBER },
    ...(machine.foreign === undefined ? [] : when(JUMP_IF_AT_LEAST, machine.foreign, FAIL | ENOSYS)),
    ...denied.flatMap((number) => when(JUMP_IF_EQUAL, number, FAIL | EPERM)),
    // The flags of clone3(2) are in memory, which a filter cannot read. C libraries fall back to clone(2).
    ...when(JUMP_IF_EQUAL, machine.clone3, FAIL | ENOSYS),
    ...onCall(machine.clone, [load(0), ...when(JUMP_IF_ANY_BIT, NEW_NAMESPACES, FAIL | EPERM)]),
    ...onCall(machine.socket, [load(0), ...unless(JUMP_IF_EQUAL, UNIX_SOCKETS, FAIL | EPERM)]),
    ...onCall(machine.ioctl, [
      load(1),
      ...TYPING_REQUESTS.flatMap((request) => when(JUMP_IF_EQUAL, request, FAIL | EPERM)),
    ]),
    ...(writing === 'denied' ? denyWriting(machine) : []),
    { code: RETURN, value: ALLOW },
  ]);
}

function denyWriting({ opening, column }: Architecture): Instruction[] {
  return [
    ...(column === 0 ? when(JUMP_IF_EQUAL, CREAT, FAIL | EACCES) : []),
    ...opening.flatMap(({ number, flags }) =>
      onCall(number, [load(flags), ...when(JUMP_IF_ANY_BIT, WRITING, FAIL | EACCES)]),
    ),
  ];
}

function load(index: number): Instruction {
  return { code: LOAD, value: argument(index) };
}

/** Builds the instructions that return `verdict` if the condition is true. */
function when(code: number, value: number, verdict: number): Instruction[] {
  return [
    { code, value, ifFalse: 1 },
    { code: RETURN, value: verdict },
  ];
}

/** Builds the instructions that return `verdict` unless the condition is true. */
function unless(code: number, value: number, verdict: number): Instruction[] {
  return [
    { code, value, ifTrue: 1 },
    { code: RETURN, value: verdict },
  ];
}

/**
 * Builds the instructions that run `body` for one system call, and allow the call if `body` returns no verdict. The
 * call's number must be loaded.
 */
function onCall(number: number, body: readonly Instruction[]): Instruction[] {
  return [{ code: JUMP_IF_EQUAL, value: number, ifFalse: body.length + 1 }, ...body, { code: RETURN, value: ALLOW }];
}

/** Encodes each instruction as a `struct sock_filter`: a 16-bit code, two 8-bit jumps, a 32-bit value. */
function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * INSTRUCTION_BYTES);
  program.forEach(({ code, ifTrue = 0, ifFalse = 0, value }, index) => {
    const at = index * INSTRUCTION_BYTES;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(ifTrue, at + 2);
    bytes.writeUInt8(ifFalse, at + 3);
    bytes.writeUInt32LE(value >>> 0, at + 4);
  });
  return bytes;
}
