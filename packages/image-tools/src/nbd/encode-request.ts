import * as protocol from './protocol.js';

/** Encodes a request for the wire. Replies carry the same `handle`. `position` and `length` are in bytes. */
export function encodeRequest(
  command: number,
  flags: number,
  handle: bigint,
  position: number,
  length: number,
): Buffer {
  const request = Buffer.alloc(protocol.REQUEST_LENGTH);
  request.writeUInt32BE(protocol.REQUEST_MAGIC, 0);
  request.writeUInt16BE(flags, 4);
  request.writeUInt16BE(command, 6);
  request.writeBigUInt64BE(handle, 8);
  request.writeBigUInt64BE(BigInt(position), 16);
  request.writeUInt32BE(length, 24);
  return request;
}
