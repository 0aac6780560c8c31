export { CONNECT_NBD_DEFAULTS, type ConnectNbdOptions, connectNbd } from './nbd/connect-nbd.js';
export type { NbdConnection } from './nbd/nbd-connection.js';
export type { NbdAddress, NbdTls } from './nbd/nbd-socket.js';
export type { DescriptorContent } from './processes/child-tool.js';
export { type DiagnosedProgram, diagnoseProgram } from './processes/diagnose-program.js';
export { findProgram } from './processes/find-program.js';
export { OutputLimitError } from './processes/output-limit-error.js';
export { requireProgram } from './processes/require-program.js';
export { createRunDirectory, type RunDirectory, removeStaleRunDirectories } from './processes/run-directory.js';
export { type RunToolOptions, runTool } from './processes/run-tool.js';
export {
  BUBBLEWRAP,
  EMPTY_VIEW,
  type SandboxFile,
  type SandboxView,
  sandboxName,
  sandboxTextName,
} from './processes/sandbox.js';
export { type RunningTool, type StreamingTool, startStream, startTool } from './processes/start-tool.js';
export type { Tool } from './processes/tool.js';
export { type ToolExit, ToolFailure } from './processes/tool-failure.js';
export { SERVER_CPU_SECONDS, TOOL_LIMITS_DEFAULTS, type ToolLimits } from './processes/tool-limits.js';
export type { ToolOptions } from './processes/tool-options.js';
export { type WorkingSandbox, workingSandbox } from './processes/working-sandbox.js';
export { type BlockGraph, type BlockNode, blockGraph } from './qemu/block-graph.js';
export { chainOf } from './qemu/chain-of.js';
export { type ImageInfo, imageInfo } from './qemu/image-info.js';
export {
  type ByteRange,
  hasVolatileContent,
  type InspectedImage,
  LUKS,
  rangeOf,
  type UnlockedVolume,
  type VmdkDescriptorFields,
} from './qemu/inspected-image.js';
export { type MapEntry, mapEntries } from './qemu/map-entries.js';
export {
  NBD_SERVER_DEFAULTS,
  type NbdServer,
  type NbdServerOptions,
  QEMU_NBD,
  startNbdServer,
} from './qemu/nbd-server.js';
export { alsoEndedBy, type QemuCall, qemuCall } from './qemu/qemu-call.js';
export { QEMU_IMG, qemuImgJson } from './qemu/qemu-img.js';
export { isConfined } from './qemu/sandbox-policy.js';
export { ServedBytes } from './qemu/served-bytes.js';
export { toolError } from './qemu/tool-error.js';
export { type ToolFiles, toolFiles } from './qemu/tool-files.js';
export { allSettled } from './reading/all-settled.js';
export { allocatedBytes } from './reading/allocated-bytes.js';
export { type ErrorContext, readError } from './reading/read-error.js';
export { readUpTo } from './reading/read-up-to.js';
export { requireRange } from './reading/require-range.js';
export { StoredBytes } from './reading/stored-bytes.js';
