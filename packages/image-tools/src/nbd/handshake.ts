import { readError, type Speaker } from '../reading/read-error.js';
import { protocolError } from './nbd-error.js';
import { type HandshakeStream, OptionExchange, type OptionReply } from './option-exchange.js';
import * as protocol from './protocol.js';

/** What the server said of the export that it is going to serve. */
export interface NbdExport {
  /** Bytes. */
  readonly size: number;
  /** Bytes that positions and lengths of requests must be multiples of. */
  readonly minimumBlockSize: number;
  /** Bytes that may be read by one request. */
  readonly maximumBlockSize: number;
  /** Whether a request may forbid the server to cut its reply into pieces. */
  readonly canForbidFragments: boolean;
  /** Whether several connections at once see the same. */
  readonly allowsMoreConnections: boolean;
}

/** What the server says when the transmission phase begins. */
interface Beginning extends Pick<NbdExport, 'size' | 'minimumBlockSize' | 'maximumBlockSize'> {
  /** The transmission flags. */
  readonly flags: number;
}

/**
 * The fixed newstyle handshake, from the server's greeting to the beginning of the transmission phase.
 * Asks for structured replies and block sizes, and does without where the server has none of them.
 *
 * @throws `unreadable` where the server refuses the export, `unavailable` where it speaks otherwise
 * than the protocol, and whatever the stream rejects with.
 */
export async function shakeHands(stream: HandshakeStream, exportName: string, speaker: Speaker): Promise<NbdExport> {
  const zeroesOmitted = await greet(stream, speaker);
  const negotiation = new Negotiation(stream, speaker);
  const structured = await negotiation.enableStructuredReplies();
  const { flags, ...sizes } =
    (await negotiation.go(exportName)) ?? (await negotiation.chooseByName(exportName, zeroesOmitted));
  return {
    ...sizes,
    canForbidFragments: structured && (flags & protocol.FLAG_SEND_DF) !== 0,
    allowsMoreConnections: (flags & protocol.FLAG_CAN_MULTI_CONN) !== 0,
  };
}

/** Whether the padding of the reply to `OPT_EXPORT_NAME` is omitted. */
async function greet(stream: HandshakeStream, speaker: Speaker): Promise<boolean> {
  const greeting = await stream.receive(18);
  if (greeting.readBigUInt64BE(0) !== protocol.INIT_MAGIC || greeting.readBigUInt64BE(8) !== protocol.OPTION_MAGIC) {
    throw protocolError(speaker, 'its greeting is not the newstyle one');
  }
  const offered = greeting.readUInt16BE(16);
  if ((offered & protocol.FLAG_FIXED_NEWSTYLE) === 0) {
    throw protocolError(speaker, 'its handshake is not the fixed newstyle one');
  }
  const accepted = offered & (protocol.FLAG_FIXED_NEWSTYLE | protocol.FLAG_NO_ZEROES);
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(accepted);
  stream.send(flags);
  return (accepted & protocol.FLAG_NO_ZEROES) !== 0;
}

/** Options asked one after the other. */
class Negotiation {
  readonly #stream: HandshakeStream;
  readonly #options: OptionExchange;
  readonly #speaker: Speaker;

  constructor(stream: HandshakeStream, speaker: Speaker) {
    this.#stream = stream;
    this.#options = new OptionExchange(stream, speaker);
    this.#speaker = speaker;
  }

  async enableStructuredReplies(): Promise<boolean> {
    this.#options.ask(protocol.OPT_STRUCTURED_REPLY, Buffer.alloc(0));
    return (await this.#options.reply(protocol.OPT_STRUCTURED_REPLY)).type === protocol.REP_ACK;
  }

  /** Begins the transmission phase; nothing where the server does not know how. */
  async go(exportName: string): Promise<Beginning | undefined> {
    const requests = Buffer.alloc(4);
    requests.writeUInt16BE(1, 0);
    requests.writeUInt16BE(protocol.INFO_BLOCK_SIZE, 2);
    this.#options.ask(protocol.OPT_GO, Buffer.concat([sized(exportName), requests]));
    let size: number | undefined;
    let flags = 0;
    let minimumBlockSize = 1;
    let maximumBlockSize = protocol.MAXIMUM_BLOCK_SIZE_DEFAULT;
    let reply = await this.#options.reply(protocol.OPT_GO);
    for (; reply.type === protocol.REP_INFO; reply = await this.#options.reply(protocol.OPT_GO)) {
      const { data } = reply;
      const information = data.length < 2 ? undefined : data.readUInt16BE(0);
      if (information === protocol.INFO_EXPORT) {
        this.#require(data.length === 12, 'the size of the export is missing');
        size = this.#size(data.readBigUInt64BE(2));
        flags = data.readUInt16BE(10);
      } else if (information === protocol.INFO_BLOCK_SIZE) {
        this.#require(data.length === 14, 'block sizes are missing');
        minimumBlockSize = data.readUInt32BE(2);
        maximumBlockSize = Math.min(data.readUInt32BE(10), protocol.MAXIMUM_BLOCK_SIZE_DEFAULT);
      }
    }
    if (reply.type === protocol.REP_ERR_UNSUP) {
      return undefined;
    }
    this.#requireAccepted(reply, exportName);
    this.#require(size !== undefined, 'the size of the export is missing');
    this.#require(isPowerOfTwo(minimumBlockSize) && maximumBlockSize >= minimumBlockSize, 'impossible block sizes');
    return { size: size ?? 0, flags, minimumBlockSize, maximumBlockSize: maximumBlockSize & -minimumBlockSize };
  }

  /** Begins the transmission phase in the old way, to which a server that refuses answers by hanging up. */
  async chooseByName(exportName: string, zeroesOmitted: boolean): Promise<Beginning> {
    this.#options.ask(protocol.OPT_EXPORT_NAME, Buffer.from(exportName));
    const reply = await this.#stream.receive(10 + (zeroesOmitted ? 0 : protocol.EXPORT_NAME_PADDING));
    return {
      size: this.#size(reply.readBigUInt64BE(0)),
      minimumBlockSize: 1,
      maximumBlockSize: protocol.MAXIMUM_BLOCK_SIZE_DEFAULT,
      flags: reply.readUInt16BE(8),
    };
  }

  #requireAccepted(reply: OptionReply, exportName: string): void {
    if (reply.type !== protocol.REP_ACK) {
      const said = reply.data.toString('utf8').replace(/\s+/g, ' ').trim();
      const reason = said === '' ? `error ${reply.type - protocol.REP_FLAG_ERROR}` : said;
      throw readError(
        this.#speaker,
        'unreadable',
        `the NBD server refuses the export '${exportName}' (${reason}); name one that it has`,
      );
    }
  }

  #size(size: bigint): number {
    this.#require(size <= BigInt(Number.MAX_SAFE_INTEGER), `an export of ${size} bytes`);
    return Number(size);
  }

  #require(condition: boolean, found: string): void {
    if (!condition) {
      throw protocolError(this.#speaker, found);
    }
  }
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
