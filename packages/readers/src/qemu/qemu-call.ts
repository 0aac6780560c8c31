import type { ToolOptions } from '../processes/tool-options.js';
import type { Speaker } from '../reading/read-error.js';

/** For whom qemu's tools are called: who speaks in errors, about which image, and what ends the call. */
export interface QemuCall extends Speaker, Pick<ToolOptions, 'component' | 'alternative' | 'signal'> {
  readonly image: string;
}

/** The same call, ended by one more signal. */
export function alsoEndedBy<T extends QemuCall>(call: T, signal: AbortSignal): T {
  return { ...call, signal: call.signal === undefined ? signal : AbortSignal.any([call.signal, signal]) };
}
