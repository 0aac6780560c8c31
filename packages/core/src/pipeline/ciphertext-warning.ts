import type { CiphertextVolume, ImageIdentity } from '../contracts/disk-image.js';
import type { DiskSource } from '../contracts/disk-reader.js';
import { type Wording, wording } from '../errors.js';
import { isCiphertext } from '../identity/chain.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';

/**
 * Returns the warning about an image whose ciphertext is compared, whether the image was read or its hash vector was
 * stored. Returns `undefined` if no ciphertext is compared, or if the user stated the format `raw`, which compares
 * bytes as they are.
 */
export function ciphertextWarning(source: DiskSource, { chain }: ImageIdentity = { chain: [] }): Wording | undefined {
  const link = chain.find(isCiphertext);
  if (link === undefined || source.format === 'raw') {
    return undefined;
  }
  const { ciphertext = [], parts } = link;
  const subject = link === chain[0] ? 'its disk' : `its backing image ${parts[0]?.path}`;
  const problem = `${subject} is encrypted${schemes(ciphertext)}, so ciphertext is compared`;
  const remedy = isNamedAsVector(source) ? 'hash its image again, decrypted,' : decrypting(ciphertext);
  return wording`${source.path}: ${problem}, and encrypted clones of one disk look unrelated; ${remedy} to compare its content`;
}

function decrypting(volumes: readonly CiphertextVolume[]): Wording {
  const selector = volumes.map((volume) => volume.selector).find((each) => each !== undefined);
  const key = { option: 'keys', value: `${selector}:file:FILE` };
  return selector === undefined ? 'decrypt it' : wording`decrypt it, or give its key with ${key},`;
}

/** Returns the encryption of each volume, such as ` with BitLocker in partition 1, with LUKS in partition 2`. */
function schemes(volumes: readonly CiphertextVolume[]): string {
  return volumes
    .map(({ scheme, partition }) => ` with ${scheme}${partition === undefined ? '' : ` in partition ${partition}`}`)
    .join(',');
}
