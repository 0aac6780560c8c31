import { createRequire } from 'node:module';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core';

const require = createRequire(import.meta.url);

/**
 * Loads a package that carries compiled code.
 *
 * @param packageName The package, whose exports are taken to be of type `T`.
 * @param hasherName Who needs it, for the message.
 * @throws VirtSimilarityError `unavailable` where it is not installed, or not for this machine.
 */
export function loadNativeModule<T>(packageName: string, hasherName: string): T {
  try {
    return require(packageName) as T;
  } catch (cause) {
    throw new VirtSimilarityError(
      'unavailable',
      `[${hasherName}] cannot load ${packageName} on ${process.platform}-${process.arch}: ${messageOf(cause)}; reinstall it or choose --hash sha256`,
      { cause },
    );
  }
}
