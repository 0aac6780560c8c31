import { type PartRegistry } from '../composition/part-registry.js';
import type { PartKind, PartKinds } from '../contracts/plugin.js';
import { unknownName } from '../errors.js';
import type { CompleteOptions } from '../execution/options.js';
import type { IsolationLimits } from '../isolation/part-thread.js';
import type { Placed } from '../isolation/plugin-calls.js';
import { requireImportable } from '../isolation/require-importable.js';

/**
 * The part, and how a thread constructs it where its plugin is isolated.
 *
 * @throws `usage` on an unknown name, and `plugin`.
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
 * Requires of an isolated part that a thread gets the same one.
 *
 * @throws as `requireImportable`.
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
 * Finds a misspelt name before any work begins.
 *
 * @throws `usage`, and `plugin` where a part cannot be constructed.
 */
export function requireKnownNames(
  registry: PartRegistry,
  { reader, hasher, metric, clusterer, linkage }: Partial<CompleteOptions>,
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
