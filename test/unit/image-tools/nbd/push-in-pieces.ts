import type { ByteReceiver } from '#image-tools/nbd/byte-receiver.js';

/** Hands a stream to a receiver cut into pieces of these lengths, and what is left at the end in one; each is overwritten. */
export function pushInPieces(receiver: ByteReceiver, stream: Uint8Array, lengths: readonly number[]): void {
  let position = 0;
  for (const length of [...lengths, stream.length]) {
    const chunk = Buffer.from(stream.subarray(position, position + length));
    receiver.push(chunk);
    chunk.fill(0xee);
    position += chunk.length;
  }
}
