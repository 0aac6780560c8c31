import { type Wording, wording } from '@virt-similarity/core';
import {
  BUBBLEWRAP,
  QEMU_IMG,
  QEMU_NBD,
  SERVER_CPU_SECONDS,
  type Tool,
  type ToolLimits,
  type ToolOptions,
} from '@virt-similarity/image-tools';
import { KERNEL_PACKAGE } from '../diagnosis.js';

/** The reader's name in messages. */
export const COMPONENT = 'libguestfs';

/** The alternative for the user if something is missing that only this reader needs. */
export const ALTERNATIVE = wording`choose ${{ option: 'reader', value: 'qemu' }}`;

/** Returns a message of this reader without its prefix, to become part of another message. */
export function withoutComponent(message: Wording): Wording {
  const [first, ...rest] = typeof message === 'string' ? [message] : message;
  return typeof first === 'string' ? wording`${first.replace(`[${COMPONENT}] `, '')}${rest}` : message;
}

/**
 * The appliance's qemu needs 1.3 GiB for the guest and, with an emulated processor, as much again for translated code.
 */
const APPLIANCE_LIMITS: Partial<ToolLimits> = { addressSpace: 16 * 2 ** 30, cpuSeconds: SERVER_CPU_SECONDS };

/** guestfish with the parts that its appliance is built from: the tools in it, and a kernel in /boot. */
export const GUESTFISH: Tool = {
  command: 'guestfish',
  package: `guestfish libguestfs-tools ${KERNEL_PACKAGE}`,
  limits: APPLIANCE_LIMITS,
};

export const NBDKIT: Tool = { command: 'nbdkit', package: 'nbdkit', limits: { cpuSeconds: SERVER_CPU_SECONDS } };

/** The shell that supervises guestfish and ends it. */
export const SUPERVISOR: Tool = { command: 'sh', package: 'dash', limits: APPLIANCE_LIMITS, endsWithInput: true };

/** The programs that the reader needs, and the alternative for the user to installing them. */
export const NEEDS: Pick<ToolOptions, 'needs' | 'alternative'> = {
  needs: [GUESTFISH, NBDKIT, QEMU_NBD, BUBBLEWRAP],
  alternative: { text: ALTERNATIVE, needs: [QEMU_IMG, QEMU_NBD] },
};
