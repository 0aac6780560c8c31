import { exhaustionRemedy, messageOf, missingModuleRemedy } from '@virt-similarity/core/errors';

/** The message where an error says that the system has run out of something, or that a module is missing. */
export function describeExhaustion(error: unknown): string | undefined {
  const remedy = missingModuleRemedy(error) ?? exhaustionRemedy(error);
  return remedy && `${messageOf(error)}; ${remedy}`;
}
