import type { DiskSource, ReadOptions } from '@virt-similarity/core';
import type { ToolOptions } from '../processes/tool-options.js';
import type { Speaker } from '../reading/read-error.js';

/**
 * For whom qemu's tools are called: who speaks in errors, about which image, what ends the call, and what an image may
 * ask of it.
 */
export interface QemuCall
  extends Speaker,
    Pick<ToolOptions, 'component' | 'alternative' | 'signal'>,
    Pick<ReadOptions, 'maxVirtualSize' | 'sandbox' | 'warn'> {
  readonly image: string;
}

/** The calls that a reader makes for a source. */
export function qemuCall(
  { component, alternative }: Pick<QemuCall, 'component' | 'alternative'>,
  source: DiskSource,
  { maxVirtualSize, sandbox, warn, signal }: ReadOptions,
): QemuCall {
  return {
    component,
    image: source.path,
    ...(alternative !== undefined && { alternative }),
    ...(maxVirtualSize !== undefined && { maxVirtualSize }),
    ...(sandbox !== undefined && { sandbox }),
    ...(warn !== undefined && { warn }),
    ...(signal !== undefined && { signal }),
  };
}

/** The same call, ended by one more signal. */
export function alsoEndedBy<T extends QemuCall>(call: T, signal: AbortSignal): T {
  return { ...call, signal: call.signal === undefined ? signal : AbortSignal.any([call.signal, signal]) };
}
