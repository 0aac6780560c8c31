import type { OptionDeclarations } from '@virt-similarity/core';

const WORDS = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Whether a name is lower-case words joined by hyphens, so that it can be typed. */
export function isTypable(name: string): boolean {
  return WORDS.test(name);
}

/** Why an option of a plugin cannot be a flag of that name; nothing where it can. */
export function problemOfName(name: string, taken: OptionDeclarations): string | undefined {
  // Objects without an own member of that name have one of their prototype.
  if (!isTypable(name) || name.startsWith('no-') || name in {}) {
    return 'expected lower-case words joined by hyphens, not constructor and not beginning with no-';
  }
  return Object.hasOwn(taken, name) || name === 'help' || name === 'version'
    ? 'the command has one of that name'
    : undefined;
}
