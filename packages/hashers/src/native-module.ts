import { messageOf, VirtSimilarityError, wording } from '@virt-similarity/core/errors';

/**
 * Loads an optional package with compiled code.
 *
 * @param hasherName the hasher that needs it, for the message
 * @param load requires the package
 * @throws `unavailable` if the package is not installed or has no compiled code that loads on this platform.
 */
export function loadNativeModule<T>(hasherName: string, packageName: string, load: () => T): T {
  try {
    return load();
  } catch (cause) {
    const machine = `${process.platform}-${process.arch}`;
    throw new VirtSimilarityError(
      'unavailable',
      wording`[${hasherName}] expected the optional package ${packageName} with compiled code for ${machine}, found none that loads (${messageOf(cause)}); install virt-similarity again with optional packages, or choose ${{ option: 'hasher', value: 'sha256' }}`,
      { cause },
    );
  }
}
