import { wording } from '@virt-similarity/core';
import { findProgram } from '../processes/find-program.js';
import type { Tool } from '../processes/tool.js';
import { workingSandbox } from '../processes/working-sandbox.js';
import { readError } from '../reading/read-error.js';
import type { InspectedImage } from './inspected-image.js';
import type { QemuCall } from './qemu-call.js';

/** Formats with widely used drivers. Only images of these formats are opened where no sandbox works. */
const TRUSTED_FORMATS: ReadonlySet<string> = new Set(['raw', 'qcow2']);

/**
 * The `warn` callbacks of the runs that have been warned about the missing sandbox, so that each is warned only once.
 */
const warned = new WeakSet<NonNullable<QemuCall['warn']>>();

/**
 * Returns whether a tool that opens an image runs in the sandbox. It does not if the caller disabled the sandbox, if
 * the tool is not installed, or if no sandbox works and all formats of the chain are raw or qcow2. In the last case,
 * the user is warned once in a run.
 *
 * @throws `refused` if no sandbox works and the chain has any other format; as `workingSandbox`.
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
      wording`${command} opens ${untrusted.format} images only in a sandbox, and ${sandbox.reason}; ${sandbox.remedy} or pass ${{ option: 'sandbox', value: 'off' }}`,
    );
  }
  warnOnce(`${sandbox.reason}; ${sandbox.remedy}`, call);
  return false;
}

function warnOnce(problem: string, { component, warn }: QemuCall): void {
  if (warn !== undefined && !warned.has(warn)) {
    warned.add(warn);
    warn(`[${component}] qemu's tools run without a sandbox: ${problem}`);
  }
}
