import type { DiagnosisRun, DiskReader } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { DiagnosedPart } from '../contracts/stages.js';
import { brokenContract, excerptOf, pluginError, throwIfAborted } from '../errors.js';

/**
 * Returns the diagnosis of a reader or source. If the diagnosis fails, `problem` is the error.
 *
 * @throws `aborted`.
 */
export async function diagnosedPart(
  kind: DiagnosedPart['kind'],
  { name, part }: NamedPart<Pick<DiskReader, 'diagnose'>>,
  run: DiagnosisRun,
): Promise<DiagnosedPart> {
  try {
    const found = await part.diagnose?.(run);
    if (found === undefined) {
      return { kind, name };
    }
    if (Array.isArray(found.requirements) && Array.isArray(found.abilities)) {
      return { kind, name, ...found };
    }
    throw brokenContract(name, 'a diagnosis to list requirements and abilities', excerptOf(found), kind);
  } catch (thrown) {
    throwIfAborted(run.signal);
    return { kind, name, problem: pluginError(name, 'cannot be diagnosed', thrown) };
  }
}
