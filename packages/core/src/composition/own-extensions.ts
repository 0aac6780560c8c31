import type { NamedPart } from '../contracts/plugin.js';
import type { Reporter } from '../contracts/reporter.js';
import { VirtSimilarityError } from '../errors.js';

/** Requires that no two reporters have one file extension, as it decides which of them writes a file. Throws `usage`. */
export function requireOwnExtensions(reporters: readonly NamedPart<Reporter>[]): void {
  for (const [index, { name, part }] of reporters.entries()) {
    const other = reporters.slice(0, index).find((earlier) => earlier.part.extension === part.extension);
    if (other === undefined) continue;
    const found = `reporters ${other.name} and ${name} both write files that end in ${part.extension}`;
    throw new VirtSimilarityError('usage', `${found}; leave out one of their plugins, or change one extension`);
  }
}
