import type { DiskSource, ReadOptions } from '@virt-similarity/core';
import { BUBBLEWRAP } from '../processes/sandbox.js';
import type { ToolOptions } from '../processes/tool-options.js';
import type { ErrorContext } from '../reading/read-error.js';

/**
 * The context of a call of qemu's tools: what its errors name and propose, the signal that ends it, and the caller's
 * options for reading the image.
 */
export interface QemuCall
  extends ErrorContext,
    Pick<ToolOptions, 'component' | 'needs' | 'alternative' | 'signal'>,
    Pick<ReadOptions, 'maxVirtualSize' | 'sandbox' | 'warn'> {
  readonly image: string;
}

/**
 * Returns the context of the calls that a reader makes for a source. If the sandbox is off, `needs` omits bubblewrap.
 */
export function qemuCall(
  { component, needs = [], alternative }: Pick<QemuCall, 'component' | 'needs' | 'alternative'>,
  source: DiskSource,
  { maxVirtualSize, sandbox, warn, signal }: ReadOptions,
): QemuCall {
  return {
    component,
    image: source.path,
    needs: needs.filter((tool) => sandbox !== 'off' || tool !== BUBBLEWRAP),
    ...(alternative !== undefined && { alternative }),
    ...(maxVirtualSize !== undefined && { maxVirtualSize }),
    ...(sandbox !== undefined && { sandbox }),
    ...(warn !== undefined && { warn }),
    ...(signal !== undefined && { signal }),
  };
}

/** Returns a copy of the call that also ends when `signal` fires. */
export function alsoEndedBy<T extends QemuCall>(call: T, signal: AbortSignal): T {
  return { ...call, signal: call.signal === undefined ? signal : AbortSignal.any([call.signal, signal]) };
}
