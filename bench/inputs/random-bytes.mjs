import { createCipheriv, createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const CHUNK = 4 * 2 ** 20;

/** An endless source of pseudorandom bytes (AES-256 in counter mode). Equal seeds give equal bytes. */
export class RandomBytes {
  #cipher;

  constructor(seed) {
    const key = createHash('sha256').update(seed).digest();
    this.#cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  next(length) {
    return this.#cipher.update(Buffer.alloc(length));
  }
}

/**
 * Writes `length` random bytes to `path` from `position` on. If `position` is 0, creates or truncates the file.
 * `shape` can modify each chunk of at most 4 MiB in place.
 */
export async function writeRandom(path, { seed, length, position = 0, shape = () => {} }) {
  const file = await open(path, position === 0 ? 'w' : 'r+');
  try {
    const random = new RandomBytes(seed);
    for (let done = 0; done < length; done += CHUNK) {
      const chunk = random.next(Math.min(CHUNK, length - done));
      shape(chunk);
      await file.write(chunk, 0, chunk.length, position + done);
    }
    await file.datasync();
  } finally {
    await file.close();
  }
}
