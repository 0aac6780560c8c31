import type { DiagnosisRun, DiskReader } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { DiagnosedReader } from '../contracts/stages.js';
import { brokenContract, excerptOf, pluginError, throwIfAborted } from '../errors.js';

/**
 * Returns the reader's diagnosis, or the error with which its diagnosis failed.
 *
 * @throws `aborted`.
 */
export async function diagnosedReader(
  { name, part }: NamedPart<DiskReader>,
  run: DiagnosisRun,
): Promise<DiagnosedReader> {
  try {
    const found = await part.diagnose?.(run);
    if (found === undefined) {
      return { reader: name };
    }
    if (Array.isArray(found.requirements) && Array.isArray(found.abilities)) {
      return { reader: name, ...found };
    }
    throw brokenContract(name, 'a diagnosis to list requirements and abilities', excerptOf(found), 'reader');
  } catch (thrown) {
    throwIfAborted(run.signal);
    return { reader: name, problem: pluginError(name, 'cannot be diagnosed', thrown) };
  }
}
