import { type Wording, wording } from '@virt-similarity/core';
import { SERVER_CPU_SECONDS, type Tool, type ToolLimits } from '@virt-similarity/image-tools';

/** How the reader names itself to users. */
export const COMPONENT = 'libguestfs';

/** What else a user can do where something that only this reader needs is missing. */
export const ALTERNATIVE = wording`choose ${{ option: 'reader', value: 'qemu' }}`;

/** A message of this reader, to be part of another one. */
export function withoutComponent(message: Wording): Wording {
  const [first, ...rest] = typeof message === 'string' ? [message] : message;
  return typeof first === 'string' ? wording`${first.replace(`[${COMPONENT}] `, '')}${rest}` : message;
}

/** Its qemu takes 1.3 GiB for the guest and, where it emulates the processor, as much again for what it translates. */
const APPLIANCE_LIMITS: Partial<ToolLimits> = { addressSpace: 16 * 2 ** 30, cpuSeconds: SERVER_CPU_SECONDS };

/** guestfish with what it makes its appliance of: the tools in it, and a kernel in /boot. */
export const GUESTFISH: Tool = {
  command: 'guestfish',
  package: 'guestfish libguestfs-tools linux-image-cloud-amd64',
  limits: APPLIANCE_LIMITS,
};

export const NBDKIT: Tool = { command: 'nbdkit', package: 'nbdkit', limits: { cpuSeconds: SERVER_CPU_SECONDS } };

/** The shell that sees to guestfish's end. */
export const KEEPER: Tool = { command: 'sh', package: 'dash', limits: APPLIANCE_LIMITS, endsWithInput: true };
