import { type PartRegistry } from '../composition/part-registry.js';
import type { NamedPart, PartKind, PartKinds } from '../contracts/plugin.js';
import type { Reporter } from '../contracts/reporter.js';
import type { AnalyzeOptions } from '../contracts/stages.js';
import { unknownName, VirtSimilarityError } from '../errors.js';
import type { CompleteOptions } from '../execution/options.js';
import type { IsolationLimits } from '../isolation/part-thread.js';
import type { Placed } from '../isolation/plugin-calls.js';
import { requireImportable } from '../isolation/require-importable.js';

/**
 * Returns a part and, if its plugin is isolated, the reference by which a thread constructs it.
 *
 * @throws `usage` for an unknown name or if no thread can construct an isolated part, and `plugin` if the part cannot
 *   be constructed.
 */
export function placed<Kind extends PartKind>(
  registry: PartRegistry,
  kind: Kind,
  name: string,
): Placed<PartKinds[Kind]> {
  const isolated = registry.isIsolated(kind, name) ? registry.reference(kind, name) : undefined;
  return { name, part: registry.find(kind, name), isolated };
}

/**
 * Requires that a thread constructs the same part, if the part is isolated.
 *
 * @throws `usage` for an unknown name; for an isolated part, also as `placed` and `requireImportable`.
 */
export async function requireSameInThreads(
  registry: PartRegistry,
  kind: PartKind,
  name: string,
  limits: IsolationLimits,
): Promise<void> {
  if (!registry.isIsolated(kind, name)) {
    return;
  }
  registry.reference(kind, name);
  await requireImportable(`${kind} ${name}`, registry.providedParts(kind, name), limits);
}

/**
 * Requires that all named parts exist and that the clusterer supports the linkage, so that a misspelt name is reported
 * before any work begins. The linkage is checked only if a clusterer is given.
 *
 * @throws `usage` for an unknown name or an unsupported linkage, and `plugin` if a part cannot be constructed.
 */
export function requireKnownNames(
  registry: PartRegistry,
  {
    reader,
    hasher,
    metric,
    clusterer,
    linkage,
  }: Partial<Omit<CompleteOptions, 'hasher'>> & Pick<AnalyzeOptions, 'hasher'>,
): void {
  if (reader !== undefined) {
    registry.find('reader', reader);
  }
  if (hasher !== undefined) {
    registry.find('hasher', hasher);
  }
  if (metric !== undefined) {
    registry.find('metric', metric);
  }
  if (clusterer === undefined) {
    return;
  }
  const { linkages } = registry.find('clusterer', clusterer);
  if (linkage === undefined || linkages.includes(linkage)) {
    return;
  }
  throw unknownName('linkage', linkage, linkages, `clusterer ${clusterer}`);
}

/**
 * Requires that every reporter has its own file extensions, since the extension selects the reporter of a file.
 *
 * @throws `usage` if two reporters have the same extension, or one reporter has it twice.
 */
export function requireOwnExtensions(reporters: readonly NamedPart<Reporter>[]): void {
  const owners = new Map<string, string>();
  for (const { name, part } of reporters) {
    for (const extension of extensionsOf(part)) {
      const owner = owners.get(extension);
      if (owner !== undefined) {
        const found = `reporters ${owner} and ${name} both write files that end in ${extension}`;
        throw new VirtSimilarityError('usage', `${found}; load only one of their plugins, or change one extension`);
      }
      owners.set(extension, name);
    }
  }
}

function extensionsOf({ extension, otherExtensions = [] }: Reporter): readonly string[] {
  return [extension, ...otherExtensions];
}
