import type { OptionDeclarations } from '@virt-similarity/core';

const WORDS = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Returns whether a name is lower-case words joined by hyphens, as names on the command line must be. */
export function isTypable(name: string): boolean {
  return WORDS.test(name);
}

/** Returns why a plugin's option cannot have this name; `undefined` if it can. */
export function problemOfName(name: string, taken: OptionDeclarations): string | undefined {
  // A name such as `constructor` would be found in the prototype of every object.
  if (!isTypable(name) || name.startsWith('no-') || name in {}) {
    return 'expected lower-case words joined by hyphens, not constructor and not beginning with no-';
  }
  return Object.hasOwn(taken, name) || name === 'help' || name === 'version'
    ? 'the command already has an option of that name'
    : undefined;
}
