import type { ToolOptions } from '../processes/tool-options.js';

/** For whom qemu's tools are called: who speaks in errors, about which image, and what ends the call. */
export type QemuCall = Pick<ToolOptions, 'component' | 'image' | 'alternative' | 'signal'>;
