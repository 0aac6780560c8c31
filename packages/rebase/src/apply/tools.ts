import { type ErrorCode, VirtSimilarityError } from '@virt-similarity/core/errors';
import { runTool, type Tool, ToolFailure } from '@virt-similarity/image-tools';

const COMPONENT = 'apply';
const QEMU_IMG: Tool = { command: 'qemu-img', package: 'qemu-utils' };
const CP: Tool = { command: 'cp', package: 'coreutils' };

/**
 * Checks the structure of a qcow2 file, also while a machine uses it. Does not open its backing files, whose headers a
 * guest may have written.
 *
 * @throws `corrupt` if qemu-img finds an error or fails otherwise, `unavailable` if it cannot run, and `aborted`.
 */
export async function checkQcow2(path: string, signal: AbortSignal): Promise<void> {
  const node = { driver: 'qcow2', backing: null, file: { driver: 'file', filename: path } };
  await run(QEMU_IMG, ['check', '-q', '-U', `json:${JSON.stringify(node)}`], path, { code: 'corrupt', signal });
}

/**
 * Gives a file the owner, permissions and extended attributes of another file, including its access control list and
 * SELinux label, but not its times. Attributes that this user is not allowed to set can be left out.
 *
 * @throws `unavailable` if cp fails or cannot run, and `aborted`.
 */
export async function copyAttributes(from: string, to: string, signal: AbortSignal): Promise<void> {
  const options = ['--attributes-only', '--preserve=all', '--no-preserve=timestamps', '--no-target-directory'];
  await run(CP, [...options, '--', from, to], to, { code: 'unavailable', signal });
}

async function run(
  tool: Tool,
  words: readonly string[],
  image: string,
  { code, signal }: { readonly code: ErrorCode; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await runTool(tool, words, { component: COMPONENT, image, signal });
  } catch (thrown) {
    if (thrown instanceof ToolFailure) {
      const problem = `${tool.command} failed for ${image}: ${thrown.message}`;
      throw new VirtSimilarityError(code, problem, { image, cause: thrown });
    }
    throw thrown;
  }
}
