import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { createLuks, decryptDisk } from '../../fixtures/luks-image.js';
import { convert } from '../../fixtures/qemu-images.js';
import { readReport } from '../../harness/json-report.js';
import { FORMAT_READERS, READERS } from '../../harness/readers.js';
import { expectContent } from '../expect-content.js';
import type { FaultCase } from '../fault-case.js';
import { COLLIDING_MESSAGES } from '../inputs/colliding-blocks.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;
const PASSPHRASE = 'correct-horse-battery-staple';
const TOOLS = ['qemu-img', 'qemu-nbd', 'nbdkit'];

/** Two blocks with the same MD5, passphrases, and missing or fake tools. */
export const SECRETS_AND_TOOLS: readonly FaultCase[] = [
  {
    number: 56,
    title: 'distinguishes two blocks with the same MD5, unless --hash md5 is given',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const images = [stage.image('one.raw'), stage.image('other.raw')];
      for (const [index, message] of COLLIDING_MESSAGES.entries()) {
        await writeFile(images[index]!, Buffer.concat([message, deterministicBytes('same', BLOCK - message.length)]));
      }
      const compare = (hash: string[]) => ({
        ...stage.analyze(images),
        words: [...stage.analyze(images).words, ...hash],
      });
      return {
        commands: [compare([]), compare(['--hash', 'md5'])],
        check: async (ends) => {
          const distances = ends.map((end) => readReport(end)?.distances.at(-1));
          assert.deepEqual(distances, [1, 0], 'distances by SHA-256 and by MD5');
        },
      };
    },
  },
  {
    number: 57,
    title: 'leaks no passphrase to process lists, messages or the cache',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const [disk, image, clear] = [stage.image('locked.luks'), stage.image('locked.qcow2'), stage.image('clear.raw')];
      await createLuks(disk, PASSPHRASE);
      await createLuks(image, PASSPHRASE, 'qcow2');
      await decryptDisk(disk, clear, PASSPHRASE, 'luks');
      const keyFile = `${stage.root}/secrets/passphrase`;
      await writeFile(keyFile, `${PASSPHRASE}\n`, { mode: 0o600 });
      stage.forbid(PASSPHRASE);
      // The reader raw decrypts nothing.
      const isDecrypted = stage.reader !== 'raw';
      const key = ['--key', `all:file:${keyFile}`, '--cache-decrypted'];
      const trial = stage.trial(isDecrypted ? [disk, image] : [disk], {
        options: ['--verbose', ...(isDecrypted ? key : [])],
        during: async (running) => {
          await running.until(() => {
            assert.ok(
              !running.watch.texts().some((text) => text.includes(PASSPHRASE)),
              'the passphrase is in the process list',
            );
            return running.hasEnded();
          }, 'never');
        },
      });
      return {
        commands: trial.commands,
        check: async () => {
          // No sector was ever written, so each reads as zeros.
          const content = isDecrypted ? Buffer.alloc((await readFile(clear)).length) : await readFile(disk);
          await expectContent(stage.output('locked.luks.arrow'), content);
        },
      };
    },
  },
  {
    number: 58,
    title: 'reports missing qemu tools, and fake tools that print garbage',
    readers: FORMAT_READERS,
    exit: 7,
    build: async (stage) => {
      const [raw, image] = [stage.image('content.raw'), stage.image('image.vdi')];
      await writeFile(raw, deterministicBytes('tools', 1024 * 1024));
      await convert(raw, image, 'vdi');
      const missing = { PATH: await emptyPath(stage) };
      const garbage = { PATH: `${await garbagePath(stage)}:${process.env.PATH}` };
      const good = stage.reader === 'libguestfs' ? [] : [stage.analyze([image], { environment: garbage })];
      return {
        commands: [
          stage.hash([image], { environment: missing }),
          stage.hash([image], { environment: garbage }),
          // The good images need no tool unless the reader is libguestfs.
          ...good,
        ],
      };
    },
  },
];

async function emptyPath(stage: Stage): Promise<string> {
  const directory = join(stage.root, 'no-tools');
  await mkdir(directory);
  return directory;
}

async function garbagePath(stage: Stage): Promise<string> {
  const directory = join(stage.root, 'tools');
  await mkdir(directory);
  for (const tool of TOOLS) {
    const script = "#!/bin/sh\nhead -c 5000 /dev/urandom\nprintf '%s' '[{\"start\":'\nexit 0\n";
    await writeFile(join(directory, tool), script, { mode: 0o755 });
  }
  return directory;
}
