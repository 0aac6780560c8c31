import type { ReadStream } from 'node:tty';
import { type Passphrase, passphrasesOf } from '@virt-similarity/core';
import { throwIfAborted, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Messages } from '../terminal/messages.js';

/** The largest input in bytes. A larger input is not a list of passphrases. */
const MOST_BYTES = 2 ** 20;
const BACKSPACES = [0x08, 0x7f];
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const CTRL_C = 0x03;
const CTRL_D = 0x04;
const CTRL_U = 0x15;

/**
 * Reads passphrases from standard input, one on each line, as guestfish does. On a terminal, nothing that is typed is
 * shown, and an empty line or Ctrl-D ends the input.
 *
 * Afterwards, core dumps of this process and of programs that it starts contain no memory.
 *
 * @throws `usage` if there is no passphrase or more than 1 MiB of input; the errors of `passphrasesOf`; `aborted` if
 *   the signal fires.
 */
export async function readPassphrases(messages: Messages, signal: AbortSignal): Promise<Passphrase[]> {
  const { stdin } = process;
  signal.addEventListener('abort', () => stdin.destroy(), { once: true });
  const bytes = stdin.isTTY ? await typed(stdin, messages) : await piped(stdin);
  throwIfAborted(signal);
  const passphrases = await passphrasesOf(bytes);
  if (passphrases.length === 0) {
    const problem = '--keys-from-stdin: expected a passphrase on each line of standard input, found none';
    throw new VirtSimilarityError('usage', `${problem}; write at least one`);
  }
  return passphrases;
}

async function piped(stdin: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    requireFew(length);
  }
  return Buffer.concat(chunks);
}

/** Reads the lines that the user types on a terminal, with its echo turned off. */
async function typed(stdin: ReadStream, messages: Messages): Promise<Buffer> {
  stdin.setRawMode(true);
  try {
    messages.warning(
      'type one passphrase on each line; nothing that you type is shown, and an empty line ends the input',
    );
    const lines: number[] = [];
    let line: number[] = [];
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      for (const byte of chunk) {
        if (byte === CTRL_C) {
          process.kill(process.pid, 'SIGINT');
          return Buffer.alloc(0);
        }
        if (byte === CTRL_D || byte === CARRIAGE_RETURN || byte === LINE_FEED) {
          lines.push(...line, LINE_FEED);
          if (byte === CTRL_D || line.length === 0) {
            return Buffer.from(lines);
          }
          line = [];
        } else if (byte === CTRL_U) {
          line = [];
        } else if (BACKSPACES.includes(byte)) {
          line = withoutLastCharacter(line);
        } else {
          line.push(byte);
        }
      }
      requireFew(lines.length + line.length);
    }
    return Buffer.from([...lines, ...line]);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

/** Removes the last character, which has several bytes in UTF-8 unless it is ASCII. */
function withoutLastCharacter(line: readonly number[]): number[] {
  const end = line.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
  return line.slice(0, Math.max(0, end));
}

function requireFew(bytes: number): void {
  if (bytes > MOST_BYTES) {
    const problem = '--keys-from-stdin: expected at most 1 MiB of passphrases on standard input, found more';
    throw new VirtSimilarityError('usage', `${problem}; write one passphrase on each line`);
  }
}
