import type { ByteReceiver } from '#image-tools/nbd/byte-receiver.js';

/** Pushes a stream in pieces of these lengths, then the rest as one piece. Overwrites each piece afterwards. */
export function pushInPieces(receiver: ByteReceiver, stream: Uint8Array, lengths: readonly number[]): void {
  let position = 0;
  for (const length of [...lengths, stream.length]) {
    const chunk = Buffer.from(stream.subarray(position, position + length));
    receiver.push(chunk);
    chunk.fill(0xee);
    position += chunk.length;
  }
}
