import { wording } from '@virt-similarity/core';
import { findProgram } from '../processes/find-program.js';
import type { Tool } from '../processes/tool.js';
import { workingSandbox } from '../processes/working-sandbox.js';
import { readError } from '../reading/read-error.js';
import type { InspectedImage } from './inspected-image.js';
import type { QemuCall } from './qemu-call.js';

/** Formats whose drivers are in use everywhere, so that they may be opened where no sandbox works. */
const TRUSTED_FORMATS: ReadonlySet<string> = new Set(['raw', 'qcow2']);

/** The runs in which the user was warned that there is no sandbox: once for each is enough. */
const warned = new WeakSet<NonNullable<QemuCall['warn']>>();

/**
 * Whether a tool that opens an image runs in the sandbox. It does not where the caller said so, or, after a warning, where
 * none works and all formats of the chain are raw or qcow2. A tool that is not installed needs none either.
 *
 * @throws `refused` where no sandbox works and a format is another one.
 */
export async function isConfined(
  { command }: Tool,
  chain: readonly InspectedImage[],
  call: QemuCall,
): Promise<boolean> {
  if (call.sandbox === 'off' || (await findProgram(command)) === undefined) {
    return false;
  }
  const sandbox = await workingSandbox();
  if (sandbox.works) {
    return true;
  }
  const untrusted = chain.find(({ format }) => !TRUSTED_FORMATS.has(format));
  if (untrusted !== undefined) {
    throw readError(
      call,
      'refused',
      wording`qemu opens ${untrusted.format} images in a sandbox only, and ${sandbox.reason}; install bubblewrap or give ${{ option: 'sandbox', value: 'off' }}`,
    );
  }
  warnOnce(sandbox.reason, call);
  return false;
}

function warnOnce(reason: string, { component, warn }: QemuCall): void {
  if (warn !== undefined && !warned.has(warn)) {
    warned.add(warn);
    warn(`[${component}] qemu's tools run without a sandbox: ${reason}; install bubblewrap`);
  }
}
