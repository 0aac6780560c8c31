import { constants } from 'node:fs';
import { access, type FileHandle, open, writeFile } from 'node:fs/promises';
import type { DiskKey } from '../contracts/disk-key.js';
import type { ReadOptions } from '../contracts/disk-reader.js';
import { VirtSimilarityError } from '../errors.js';
import { Passphrase } from '../passphrase.js';
import { fileError } from './file-error.js';
import { systemPath } from './path-text.js';
import { shellOperand } from './shell-word.js';

/** Bytes: the largest key file that cryptsetup accepts by default. */
const MAX_KEY_BYTES = 8 * 2 ** 20;
const LINE_FEED = 0x0a;
/** The permission bits for users other than the owner. */
const OTHERS = 0o077;

const KEY = /^([^:]*):file:(.*)$/s;
const DEVICE = /^\/dev\/sda(?:[1-9]\d{0,2})?$/;
const SELECTORS = 'all, the UUID of a LUKS header, /dev/sda, or /dev/sda1 and so on';
/** The remedy that is right for every disk. */
const NAME_IT = 'name it as all:file:FILE';
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
/** Selects the memory that core dumps of this process contain. Child processes inherit the selection. */
const CORE_DUMP_FILTER = '/proc/self/coredump_filter';
const NO_MEMORY = '0';

/** The options of {@link readDiskKey}. */
export type DiskKeyOptions = Pick<ReadOptions, 'warn'>;

/**
 * Reads a key as the libguestfs tools name it: `SELECTOR:file:FILE`, see `DiskKey.selector`. The file is read once, so
 * it may be a pipe. Warns if users other than the owner have permissions for a regular file.
 *
 * If the file ends with a line feed, the key has two passphrases: first the content without the line feed, as the
 * libguestfs tools read it, then the complete content, as `cryptsetup --key-file` reads it. A file that is only a line
 * feed is one passphrase.
 *
 * Before reading the file, excludes all memory from core dumps of this process and of programs that it starts later.
 *
 * @throws `usage` if the text has another form, or the file is empty or longer than 8 MiB; `unavailable` if a system
 *   resource is exhausted; `unreadable` if the file cannot be read, or if the kernel does not allow the setting for
 *   core dumps.
 */
export async function readDiskKey(text: string, { warn }: DiskKeyOptions = {}): Promise<DiskKey> {
  const { selector, path } = await parsed(text);
  await keepOutOfCoreDumps();
  try {
    const file = await open(systemPath(path), constants.O_RDONLY);
    try {
      await warnIfReadable(file, path, warn);
      return { selector, passphrases: passphrasesIn(await readKey(file, path)) };
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw fileError(thrown, `cannot read the key file ${path}`, path);
  }
}

/**
 * Returns the passphrases in lines of text, each without its line feed; empty lines are skipped. Excludes memory from
 * core dumps, as `readDiskKey` does.
 *
 * @throws `unavailable` or `unreadable` if the kernel does not allow this setting.
 */
export async function passphrasesOf(lines: Uint8Array): Promise<Passphrase[]> {
  await keepOutOfCoreDumps();
  const passphrases: Passphrase[] = [];
  for (let start = 0; start < lines.length; ) {
    const found = lines.indexOf(LINE_FEED, start);
    const end = found === -1 ? lines.length : found;
    if (end > start) {
      passphrases.push(new Passphrase(lines.slice(start, end)));
    }
    start = end + 1;
  }
  return passphrases;
}

/** @throws `unavailable` or `unreadable` if the kernel does not allow this setting. */
async function keepOutOfCoreDumps(): Promise<void> {
  try {
    await writeFile(CORE_DUMP_FILTER, NO_MEMORY);
  } catch (thrown) {
    throw fileError(thrown, 'cannot keep passphrases out of core dumps', CORE_DUMP_FILTER);
  }
}

/**
 * Parses the name of a key. Messages repeat the text only if it has the form `SELECTOR:file:FILE` or is the path of an
 * existing file, because any other text may contain a passphrase.
 *
 * @throws `usage` if the text has another form, it names no file, or its selector is invalid.
 */
async function parsed(text: string): Promise<{ readonly selector: string; readonly path: string }> {
  const [, name, path] = KEY.exec(text) ?? [];
  if (name === undefined || path === undefined) {
    if (/^[^:]*:key:/.test(text)) {
      throw usage(
        `a passphrase in an argument is visible to every user of this machine; write it to a file and ${NAME_IT}`,
      );
    }
    const isFile =
      text !== '' &&
      (await access(systemPath(text)).then(
        () => true,
        () => false,
      ));
    const remedy = isFile ? `name the file ${text} as all:file:${text}` : NAME_IT;
    throw usage(`expected a key as SELECTOR:file:FILE, found another form; ${remedy}`);
  }
  if (path === '') {
    throw usage(`expected the file with the passphrase after file:, found nothing; ${NAME_IT}`);
  }
  if (name === '') {
    throw usage(`expected ${SELECTORS} before :file:, found nothing; pass all:file:${path} for every disk`);
  }
  const selector = name.startsWith('/') ? name : name.toLowerCase();
  if (selector !== 'all' && !DEVICE.test(selector) && !UUID.test(selector)) {
    throw usage(`expected ${SELECTORS} as the selector of a key, found ${JSON.stringify(name)}`);
  }
  return { selector, path };
}

async function warnIfReadable(file: FileHandle, path: string, warn: DiskKeyOptions['warn']): Promise<void> {
  const stats = await file.stat();
  if (stats.isFile() && (stats.mode & OTHERS) !== 0) {
    warn?.(`other users have permissions for the key file ${path}; run chmod go= ${shellOperand(path)}`);
  }
}

async function readKey(file: FileHandle, path: string): Promise<Buffer> {
  const buffer = Buffer.alloc(MAX_KEY_BYTES + 1);
  let length = 0;
  for (let bytesRead = 1; bytesRead > 0 && length < buffer.length; length += bytesRead) {
    // Without a position, because the file may be a pipe.
    ({ bytesRead } = await file.read(buffer, length, buffer.length - length, null));
  }
  if (length === 0 || length > MAX_KEY_BYTES) {
    const found = length === 0 ? 'none' : 'more';
    throw usage(`expected 1 to ${MAX_KEY_BYTES} bytes in the key file ${path}, found ${found}`);
  }
  return Buffer.from(buffer.subarray(0, length));
}

function passphrasesIn(bytes: Buffer): Passphrase[] {
  const line = bytes.subarray(0, -1);
  const texts = bytes.at(-1) === LINE_FEED && line.length > 0 ? [line, bytes] : [bytes];
  return texts.map((each) => new Passphrase(each));
}

function usage(message: string): VirtSimilarityError {
  return new VirtSimilarityError('usage', message);
}
