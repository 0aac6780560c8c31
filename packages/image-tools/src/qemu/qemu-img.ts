import { VirtSimilarityError } from '@virt-similarity/core';
import { runTool } from '../processes/run-tool.js';
import type { Tool } from '../processes/tool.js';
import { ToolFailure } from '../processes/tool-failure.js';
import { blockGraph } from './block-graph.js';
import type { InspectedImage } from './inspected-image.js';
import type { QemuCall } from './qemu-call.js';
import { toolError } from './tool-error.js';
import { toolFiles } from './tool-files.js';

/** qemu's program that inspects and creates images. */
export const QEMU_IMG: Tool = { command: 'qemu-img', package: 'qemu-utils' };

/** The time limit of one call, in milliseconds: reading the tables of a huge image from a slow disk takes minutes. */
const TIMEOUT_MS = 10 * 60_000;
/** The most bytes of JSON that one call is allowed to print: about 60,000 entries of a map. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/**
 * Runs a subcommand of qemu-img that inspects an image and prints JSON.
 *
 * @throws as `toolFiles`; as `toolError` if qemu-img fails; otherwise as `runTool`, with limits of ten minutes and 8
 *   MiB of output; `unavailable` if the output is not JSON that `isExpected` accepts.
 */
export async function qemuImgJson<T>(
  subcommand: readonly string[],
  isExpected: (output: unknown) => output is T,
  image: InspectedImage,
  call: QemuCall,
): Promise<T> {
  const output = parseJson(await runQemuImg(subcommand, image, call));
  if (isExpected(output)) {
    return output;
  }
  throw new VirtSimilarityError(
    'unavailable',
    `[${call.component}] qemu-img ${subcommand[0]} did not print the expected JSON; ` +
      `check that ${QEMU_IMG.command} in PATH is the one from ${QEMU_IMG.package}`,
    { image: call.image },
  );
}

/** Returns the parsed value; `undefined` if the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns whether a printed value is a safe integer of at least 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

async function runQemuImg(subcommand: readonly string[], image: InspectedImage, call: QemuCall): Promise<string> {
  const files = await toolFiles(QEMU_IMG, image, call);
  try {
    return await runTool(
      files.tool,
      [...subcommand, '--output=json', ...files.secretArguments, blockGraph(image, files).argument],
      {
        ...call,
        ...files.access,
        timeoutMs: TIMEOUT_MS,
        maxOutputBytes: MAX_OUTPUT_BYTES,
      },
    );
  } catch (thrown) {
    throw thrown instanceof ToolFailure ? toolError(QEMU_IMG.command, thrown, files, call) : thrown;
  } finally {
    await files.close();
  }
}
