import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { runTool } from '../../fixtures/run-tool.js';
import type { CommandRun } from '../../harness/command-run.js';
import type { CommandLine, FaultCase } from '../fault-case.js';
import { COLLIDING_MESSAGES } from '../inputs/colliding-blocks.js';
import { fillFileSystem } from '../inputs/fill-file-system.js';
import { startVirtualMachine, type VirtualMachine } from '../inputs/virtual-machine.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;
const BLOCKS = 32;
const IMAGES = ['a.raw', 'b.raw', 'c.raw', 'd.raw', 'e.raw'] as const;
const ACCEPT = '--accept-format-change';
const APPLIED = /is an overlay now/;

/** Raw images that share most of their blocks, in a directory to which `apply` can write, and commands on them. */
class Family {
  readonly directory: string;
  readonly #stage: Stage;
  #contents = '';

  private constructor(stage: Stage) {
    this.#stage = stage;
    this.directory = `${stage.root}/family`;
  }

  static async make(stage: Stage, contents: readonly Uint8Array[] = IMAGES.map(contentOf)): Promise<Family> {
    const family = new Family(stage);
    await mkdir(family.directory, { recursive: true });
    for (const [index, content] of contents.entries()) {
      await writeFile(family.image(index), content);
    }
    family.#contents = await family.#digests();
    return family;
  }

  image(index: number): string {
    return `${this.directory}/${IMAGES[index]}`;
  }

  /** Returns the command line that writes the plan. */
  plan(...words: readonly string[]): CommandLine {
    const images = IMAGES.map((_, index) => this.image(index));
    return {
      words: ['plan', '--no-cache', '--bases', 'existing', '-O', 'json', ...words, '--format', 'raw', ...images],
      wrapper: ['sh', '-c', `exec "$@" > '${this.directory}/plan.json'`, 'sh'],
      exit: 0,
    };
  }

  apply(words: readonly string[], rest: Omit<CommandLine, 'words'> = {}): CommandLine {
    return { ...rest, words: ['apply', ...words, `${this.directory}/plan.json`] };
  }

  /**
   * Returns a command line that applies the plan. Each check of a new file takes a second longer. `act` is called once
   * the first new file is recorded. The run must not replace any image.
   */
  async applySlowly(exit: number, act: () => Promise<void>): Promise<CommandLine> {
    const programs = `${this.#stage.root}/slow`;
    await mkdir(programs);
    const script = `#!/bin/sh\nPATH=\${PATH#*${delimiter}}\n[ "$1" = check ] && sleep 1\nexec qemu-img "$@"\n`;
    await writeFile(`${programs}/qemu-img`, script, { mode: 0o755 });
    return this.apply([ACCEPT], {
      exit,
      environment: { PATH: `${programs}${delimiter}${process.env.PATH}` },
      during: async (running: CommandRun) => {
        await running.until(() => running.stderrSoFar().includes('wrote '), 'a file was written');
        await act();
        if (!running.hasEnded()) {
          await once(running.process, 'exit');
        }
        assert.doesNotMatch(running.stderrSoFar(), APPLIED);
      },
    });
  }

  /** @throws Error if the guest's disk in an image, read through its backing files, has changed since `make` */
  async requireUnchanged(): Promise<void> {
    assert.equal(await this.#digests(), this.#contents, 'the contents of the images');
  }

  async #digests(): Promise<string> {
    const digests: string[] = [];
    for (const [index, name] of IMAGES.entries()) {
      const raw = `${this.#stage.root}/content`;
      await runTool('qemu-img', ['convert', '-U', '-O', 'raw', this.image(index), raw]);
      const digest = createHash('sha256')
        .update(await readFile(raw))
        .digest('hex');
      digests.push(`${name} ${digest}`);
      await rm(raw);
    }
    return digests.join('\n');
  }
}

function contentOf(name: string): Uint8Array {
  const content = deterministicBytes('family', BLOCKS * BLOCK);
  content.set(deterministicBytes(name, 4 * BLOCK));
  return content;
}

/** Changes the first byte of a file, and restores its access and modification times. */
async function writeSecretly(path: string): Promise<void> {
  const { atime, mtime } = await stat(path);
  const file = await open(path, 'r+');
  await file.write(Uint8Array.of(0xff), 0, 1, 0);
  await file.close();
  await utimes(path, atime, mtime);
}

/** Plans whose images have changed since, or change while the plan is applied; and MD5, formats and a full disk. */
export const PLANS: readonly FaultCase[] = [
  {
    number: 59,
    title: 'refuses a plan if an image has changed, even with a restored time',
    readers: ['auto'],
    exit: 6,
    build: async (stage) => {
      const family = await Family.make(stage);
      const lines = IMAGES.map((_, index) =>
        family.apply([ACCEPT], { before: () => writeSecretly(family.image(index)) }),
      );
      return { commands: [family.plan(), ...lines], writes: [family.directory] };
    },
  },
  {
    number: 60,
    title: 'converts no raw image to qcow2 without --accept-format-change',
    readers: ['auto'],
    exit: 4,
    build: async (stage) => {
      const family = await Family.make(stage);
      return {
        commands: [family.plan(), family.apply([])],
        writes: [`${family.directory}/plan.json`],
        check: () => family.requireUnchanged(),
      };
    },
  },
  {
    number: 157,
    title: 'applies a plan made with MD5 without losing bytes of colliding blocks',
    readers: ['auto'],
    exit: 0,
    build: async (stage) => {
      const contents = IMAGES.map((_, index) => {
        const content = deterministicBytes('family', BLOCKS * BLOCK);
        content.set(COLLIDING_MESSAGES[index % COLLIDING_MESSAGES.length]!, 3 * BLOCK);
        return content;
      });
      const family = await Family.make(stage, contents);
      return {
        commands: [family.plan('--hash', 'md5'), family.apply([ACCEPT])],
        writes: [family.directory],
        check: async ([, applied]) => {
          assert.match(applied!.stderr, APPLIED);
          await family.requireUnchanged();
        },
      };
    },
  },
  {
    number: 158,
    title: 'replaces no image if an image changes meanwhile and its time is restored',
    readers: ['auto'],
    exit: 6,
    build: async (stage) => {
      const family = await Family.make(stage);
      const before = await readFile(family.image(4));
      return {
        commands: [
          family.plan(),
          await family.applySlowly(6, () => writeSecretly(family.image(4))),
          family.apply(['--rollback'], { exit: 0 }),
        ],
        writes: [family.directory],
        check: async () => {
          before[0] = 0xff;
          assert.ok(before.equals(await readFile(family.image(4))), 'the image has only the change');
          await writeFile(family.image(4), contentOf(IMAGES[4]));
          await family.requireUnchanged();
        },
      };
    },
  },
  {
    number: 159,
    title: 'replaces no image if a machine starts while the plan is applied',
    readers: ['auto'],
    exit: 6,
    build: async (stage) => {
      const family = await Family.make(stage);
      let machine: VirtualMachine | undefined;
      const stop = async () => machine?.stop();
      return {
        commands: [
          family.plan(),
          await family.applySlowly(6, async () => {
            machine = await startVirtualMachine(new Map([[family.image(4), 'raw']]));
          }),
          family.apply(['--rollback'], { exit: 0, before: stop }),
        ],
        writes: [family.directory],
        check: () => family.requireUnchanged(),
        cleanUp: stop,
      };
    },
  },
  {
    number: 160,
    title: 'replaces no image if the file system becomes full, and can roll back',
    readers: ['auto'],
    exit: 7,
    build: async (stage) => {
      const directory = `${stage.root}/family`;
      await mkdir(directory);
      await runTool('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=0700', 'faults', directory]);
      const family = await Family.make(stage);
      return {
        commands: [
          family.plan(),
          await family.applySlowly(7, () => fillFileSystem(`${directory}/filler`)),
          family.apply(['--rollback'], { exit: 0, before: () => rm(`${directory}/filler`) }),
        ],
        writes: [directory],
        check: () => family.requireUnchanged(),
        cleanUp: async () => {
          await runTool('umount', [directory]);
        },
      };
    },
  },
];
