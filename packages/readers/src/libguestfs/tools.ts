import type { Tool } from '../processes/tool.js';

/** How the reader names itself to users. */
export const COMPONENT = 'libguestfs';

/** What else a user can do where something that only this reader needs is missing. */
export const ALTERNATIVE = 'choose --reader qemu';

/** guestfish with what it makes its appliance of: the tools in it, and a kernel in /boot. */
export const GUESTFISH: Tool = {
  command: 'guestfish',
  package: 'guestfish libguestfs-tools linux-image-cloud-amd64',
};

export const NBDKIT: Tool = { command: 'nbdkit', package: 'nbdkit' };

export const SHELL: Tool = { command: 'sh', package: 'dash' };
