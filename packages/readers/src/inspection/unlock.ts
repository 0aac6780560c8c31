import { type Passphrase, stateKeyOf, VirtSimilarityError } from '@virt-similarity/core';
import { type InspectedImage, type QemuCall, qemuImgJson, rangeOf } from '@virt-similarity/image-tools';

/** The bytes of the disk that qemu-img is asked to map. qemu-img maps an image only if it can decrypt the image. */
const SMALLEST_MAP = 512;

/**
 * For each passphrase, keys of the files that it is known to decrypt. A key consists of the file's state and the range
 * of the image.
 */
const unlocked = new WeakMap<Passphrase, Set<string>>();

/**
 * Returns the first passphrase that decrypts an image; backing images are ignored. Starts qemu-img, which needs seconds
 * of processor time for each passphrase, unless a passphrase is known to decrypt the file in its present state.
 *
 * @throws `refused` if no passphrase decrypts the image, and as `qemuImgJson`.
 */
export async function fittingPassphrase(
  image: Omit<InspectedImage, 'backing'>,
  passphrases: readonly [Passphrase, ...Passphrase[]],
  call: QemuCall,
): Promise<Passphrase> {
  const state = stateOf(image);
  const known = passphrases.find((passphrase) => unlocked.get(passphrase)?.has(state));
  if (known !== undefined) {
    return known;
  }
  let failure: unknown;
  for (const passphrase of passphrases) {
    try {
      await qemuImgJson(
        ['map', `--max-length=${SMALLEST_MAP}`],
        Array.isArray,
        { ...image, encryption: 'decrypted', passphrase, backing: undefined },
        call,
      );
      unlocked.set(passphrase, new Set([...(unlocked.get(passphrase) ?? []), state]));
      return passphrase;
    } catch (thrown) {
      if (!(thrown instanceof VirtSimilarityError) || thrown.code !== 'refused') {
        throw thrown;
      }
      failure = thrown;
    }
  }
  throw failure;
}

function stateOf(image: Pick<InspectedImage, 'file' | 'range'>): string {
  const { offset, length } = rangeOf(image);
  return [...stateKeyOf(image.file), offset, length].join(':');
}
