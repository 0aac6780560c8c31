import { VirtSimilarityError } from '@virt-similarity/core';
import type { z } from 'zod/v3';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { runTool } from '../processes/run-tool.js';
import type { Tool } from '../processes/tool.js';
import { ToolFailure } from '../processes/tool-failure.js';
import { blockGraph } from './block-graph.js';
import type { QemuCall } from './qemu-call.js';
import { qemuFailure } from './qemu-failure.js';

type OutputSchemas = typeof import('./qemu-img-output.js');

export const QEMU_IMG: Tool = { command: 'qemu-img', package: 'qemu-utils' };

/** Milliseconds that one call may take: reading the tables of a huge image from a slow disk takes minutes. */
const TIMEOUT_MS = 10 * 60_000;
/** Bytes of JSON that one call may print. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * Runs a subcommand of qemu-img that looks at an image and prints JSON.
 *
 * @throws VirtSimilarityError as `qemuFailure` where qemu-img refuses the image; `unavailable` where it is missing, too
 * slow, or prints something else than the schema of that name expects; `aborted`.
 */
export async function qemuImgJson<S extends keyof OutputSchemas>(
  subcommand: readonly string[],
  schema: S,
  image: InspectedImage,
  call: QemuCall,
): Promise<z.infer<OutputSchemas[S]>> {
  // Most images are read without asking qemu-img; for others the schemas are loaded while it works.
  const [output, schemas] = await Promise.all([
    runQemuImg([...subcommand, '--output=json', blockGraph(image).argument], call),
    import('./qemu-img-output.js'),
  ]);
  try {
    return schemas[schema].parse(JSON.parse(output));
  } catch (cause) {
    throw new VirtSimilarityError(
      'unavailable',
      `[${call.component}] qemu-img ${subcommand[0]} printed something else than JSON of the known form; ` +
        `check that ${QEMU_IMG.command} in PATH is the one of ${QEMU_IMG.package}`,
      { image: call.image, cause },
    );
  }
}

async function runQemuImg(qemuArguments: readonly string[], call: QemuCall): Promise<string> {
  try {
    return await runTool(QEMU_IMG, qemuArguments, {
      ...call,
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
  } catch (thrown) {
    throw thrown instanceof ToolFailure ? qemuFailure(QEMU_IMG.command, thrown, call) : thrown;
  }
}
