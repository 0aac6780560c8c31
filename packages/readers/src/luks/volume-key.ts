import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { type Passphrase, type VirtSimilarityError, wording } from '@virt-similarity/core';
import {
  EMPTY_VIEW,
  isConfined,
  type QemuCall,
  readError,
  requireProgram,
  runTool,
  sandboxTextName,
  type Tool,
  ToolFailure,
} from '@virt-similarity/image-tools';

const CRYPTSETUP: Tool = { command: 'cryptsetup', package: 'cryptsetup-bin' };

/**
 * Milliseconds that trying one passphrase may take. Disks are usually set up so that trying a passphrase takes two
 * seconds.
 */
const TIMEOUT_MS = 5 * 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** cryptsetup's exit status if a passphrase fits no key slot. */
const NO_KEY = 2;
/** The key at the end of the output, as pairs of hexadecimal digits. */
const DUMPED_KEY = /:\s*((?:[\da-f]{2}\s+)+)$/;

/** Lengths of a key of AES-128 and of AES-256 in XTS mode, in hexadecimal digits. */
const KEY_DIGITS = [64, 128];

/**
 * Settles once the most recent derivation of a key has ended. Derivations run one at a time, because each can need a
 * gigabyte of memory.
 */
let last: Promise<unknown> = Promise.resolve();

/** For each passphrase, the keys of the volumes that it has unlocked, by the digests of their headers. */
const known = new WeakMap<Passphrase, Map<string, KeyObject>>();

/**
 * Returns the key with which a LUKS volume's content is encrypted. Tries the passphrases in order, unless one of them
 * is known to unlock the volume. cryptsetup derives the key in the sandbox, where it sees only the header and one
 * passphrase.
 *
 * @param header the volume up to its encrypted content
 * @throws `refused` if no passphrase unlocks the volume, if the key has neither 32 nor 64 bytes, or if there is no
 * sandbox; `corrupt` if cryptsetup fails for another reason; `unavailable` if cryptsetup is not installed, is too slow
 * or prints no key; as `isConfined`; `aborted`.
 */
export async function volumeKey(
  header: Buffer,
  passphrases: readonly Passphrase[],
  call: QemuCall,
): Promise<KeyObject> {
  const id = createHash('sha256').update(header).digest('hex');
  for (const passphrase of passphrases) {
    const key = known.get(passphrase)?.get(id);
    if (key !== undefined) {
      return key;
    }
  }
  if (!(await isConfined(CRYPTSETUP, [], { ...call, warn: undefined }))) {
    // Throws the usual error if cryptsetup is missing.
    await requireProgram(CRYPTSETUP, call);
    const remedy = call.sandbox === 'off' ? wording`omit ${{ option: 'sandbox', value: 'off' }}` : 'install bubblewrap';
    throw readError(call, 'refused', wording`cryptsetup gets a passphrase only in a sandbox; ${remedy}`);
  }
  const deriving = last.then(() => firstKey(header, id, passphrases, call));
  last = deriving.catch(() => undefined);
  return deriving;
}

async function firstKey(
  header: Buffer,
  id: string,
  passphrases: readonly Passphrase[],
  call: QemuCall,
): Promise<KeyObject> {
  for (const passphrase of passphrases) {
    const key = await derivedKey(header, passphrase, call);
    if (key !== undefined) {
      known.set(passphrase, new Map([...(known.get(passphrase) ?? []), [id, key]]));
      return key;
    }
  }
  const remedy = wording`pass the right passphrase with ${{ option: 'keys' }}`;
  throw readError(call, 'refused', wording`cryptsetup: no key is available with the given passphrases; ${remedy}`);
}

/** Returns the key of the volume; `undefined` if the passphrase does not unlock it. */
async function derivedKey(header: Buffer, passphrase: Passphrase, call: QemuCall): Promise<KeyObject | undefined> {
  const [headerName, passphraseName] = [sandboxTextName(0), sandboxTextName(1)];
  const words = ['luksDump', '--batch-mode', '--disable-locks', '--dump-volume-key', '--key-file', passphraseName];
  try {
    const output = await runTool(CRYPTSETUP, [...words, headerName], {
      ...call,
      view: { ...EMPTY_VIEW, texts: [header, passphrase.reveal()] },
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    const digits = DUMPED_KEY.exec(output)?.[1]?.replaceAll(/\s/g, '');
    if (digits === undefined) {
      throw readError(
        call,
        'unavailable',
        'cryptsetup did not print a key; check that it is the one from cryptsetup-bin',
      );
    }
    if (!KEY_DIGITS.includes(digits.length)) {
      throw readError(call, 'refused', `its key has ${digits.length / 2} bytes, expected 32 or 64; decrypt it first`);
    }
    return createSecretKey(digits, 'hex');
  } catch (thrown) {
    if (!(thrown instanceof ToolFailure)) {
      throw thrown;
    }
    if (thrown.exitCode === NO_KEY) {
      return undefined;
    }
    throw failure(thrown, call);
  }
}

function failure(exit: ToolFailure, call: QemuCall): VirtSimilarityError {
  const end = exit.signal === undefined ? `exit status ${exit.exitCode}` : `ended by ${exit.signal}`;
  const found = exit.stderr.split('\n').join('. ') || end;
  return readError(call, 'corrupt', `cryptsetup: ${found}; check the disk with cryptsetup luksDump`, exit);
}
