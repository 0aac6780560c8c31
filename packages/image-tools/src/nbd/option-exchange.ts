import type { ErrorContext } from '../reading/read-error.js';
import { protocolError } from './nbd-error.js';
import * as protocol from './protocol.js';

/** The byte stream of a handshake. */
export interface HandshakeStream {
  send(bytes: Uint8Array): void;
  receive(length: number): Promise<Buffer>;
}

/** One reply to an option; some options have several. */
export interface OptionReply {
  readonly type: number;
  readonly data: Buffer;
}

/**
 * The most bytes of data that are accepted in a reply. The protocol's longest replies are a string and a few numbers.
 */
const MAXIMUM_OPTION_REPLY = 64 * 1024;

/** Sends handshake options and parses their replies. */
export class OptionExchange {
  readonly #stream: HandshakeStream;
  readonly #errorContext: ErrorContext;

  constructor(stream: HandshakeStream, errorContext: ErrorContext) {
    this.#stream = stream;
    this.#errorContext = errorContext;
  }

  ask(option: number, data: Buffer): void {
    const header = Buffer.alloc(16);
    header.writeBigUInt64BE(protocol.OPTION_MAGIC, 0);
    header.writeUInt32BE(option, 8);
    header.writeUInt32BE(data.length, 12);
    this.#stream.send(Buffer.concat([header, data]));
  }

  /**
   * Returns the next reply to an option that was sent.
   *
   * @throws `unavailable` if the bytes are not a reply to that option or the reply is too long, and the errors of the
   *   stream.
   */
  async reply(option: number): Promise<OptionReply> {
    const header = await this.#stream.receive(20);
    if (header.readBigUInt64BE(0) !== protocol.OPTION_REPLY_MAGIC) {
      throw protocolError(this.#errorContext, 'an option reply without its magic number');
    }
    if (header.readUInt32BE(8) !== option) {
      throw protocolError(this.#errorContext, 'a reply to an option that was not sent');
    }
    const length = header.readUInt32BE(16);
    if (length > MAXIMUM_OPTION_REPLY) {
      throw protocolError(this.#errorContext, `an option reply of ${length} bytes`);
    }
    return { type: header.readUInt32BE(12), data: await this.#stream.receive(length) };
  }
}
