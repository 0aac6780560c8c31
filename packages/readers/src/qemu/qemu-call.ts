import type { DiskSource, ReadOptions } from '@virt-similarity/core';
import type { ToolOptions } from '../processes/tool-options.js';
import type { Speaker } from '../reading/read-error.js';

/** For whom qemu's tools are called: who speaks in errors, about which image, what ends the call, what it is allowed. */
export interface QemuCall
  extends Speaker,
    Pick<ToolOptions, 'component' | 'alternative' | 'signal'>,
    Pick<ReadOptions, 'sandbox' | 'warn'> {
  readonly image: string;
}

/** The call for a source that is opened with these options. */
export function qemuCall(component: string, source: DiskSource, options: ReadOptions): QemuCall {
  const { signal, sandbox, warn } = options;
  return {
    component,
    image: source.path,
    ...(signal === undefined ? {} : { signal }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(warn === undefined ? {} : { warn }),
  };
}

/** The same call, ended by one more signal. */
export function alsoEndedBy<T extends QemuCall>(call: T, signal: AbortSignal): T {
  return { ...call, signal: call.signal === undefined ? signal : AbortSignal.any([call.signal, signal]) };
}
