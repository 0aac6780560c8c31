import { messageOf, VirtSimilarityError, wording } from '@virt-similarity/core/errors';

/**
 * Loads a package with compiled code.
 *
 * @param hasherName the hasher that needs it, for the message
 * @param load requires the package
 * @throws `unavailable` if the package is not installed, or not for this platform
 */
export function loadNativeModule<T>(hasherName: string, load: () => T): T {
  try {
    return load();
  } catch (cause) {
    const machine = `${process.platform}-${process.arch}`;
    throw new VirtSimilarityError(
      'unavailable',
      wording`[${hasherName}] cannot load its compiled code for ${machine}; reinstall virt-similarity or choose ${{ option: 'hasher', value: 'sha256' }} (${messageOf(cause)})`,
      { cause },
    );
  }
}
