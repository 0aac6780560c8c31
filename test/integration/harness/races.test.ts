import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { COMMAND } from '../../fixtures/command.js';
import { contentOf, digestsOf } from '../../races/contents.js';
import { Exchanger } from '../../races/exchanger.js';
import type { Findings } from '../../races/findings.js';
import type { Point, Scene } from '../../races/points/point.js';
import { racePoint } from '../../races/race-point.js';
import { Stage } from '../../races/stage.js';

const exchanger = new Exchanger();

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});

afterAll(() => {
  exchanger.close();
  jest.restoreAllMocks();
});

/** A point at which a raw image is exchanged with a link in the same directory, which leads to a secret. */
const point: Point = {
  title: 'a sample',
  readers: ['auto'],
  build: async (stage): Promise<Scene> => {
    const path = stage.shared('disk.raw');
    await stage.known.writeDisk(path, contentOf('own', 16));
    await stage.writeCanary(stage.secret('key'), 2);
    await symlink(stage.secret('key'), stage.shared('link'));
    return {
      images: [{ path, versions: [digestsOf(contentOf('own', 16))] }],
      exchanges: [{ first: path, second: stage.shared('link'), watch: [stage.shared()] }],
    };
  },
};

/** Runs a script as the command, with the image's path as its last argument. Returns the findings. */
function tried(script: string, exchanges = 2): Promise<Findings> {
  const text = `const fs = require('node:fs'); const path = process.argv.at(-1); ${script}`;
  const command = [process.execPath, '-e', text, '--'];
  return racePoint(point, { reader: 'auto', seed: 1, exchanges, command }, exchanger);
}

const reading = 'for (let i = 0; i < 50; i += 1) try { fs.readFileSync(path); } catch {}';

describe('the race harness', () => {
  test('finds no fault in a command that reads and refuses', async () => {
    const findings = await tried(`${reading}; process.exitCode = 4`);
    expect(findings.row([])).toBe('ok');
    expect(findings.counted('exchanges')).toBeGreaterThanOrEqual(2);
  });

  test.each([
    ['a new file beside the images', "fs.writeFileSync(path + '.new', '')", 'foreign writes'],
    ['a write to an image', "fs.appendFileSync('good/own.raw', 'x')", 'inputs changed'],
    ['a secret that is printed', "console.log(fs.readFileSync('../secrets/key').toString())", 'canary leaks'],
    ['a temporary file that is left', "fs.writeFileSync('../tmp/left', '')", 'leftovers'],
    ['an internal error', "throw new Error('internal')", 'unexpected ends'],
    ['an invalid hash vector', "fs.writeFileSync('out/disk.arrow', 'ARROW1')", 'false vectors'],
  ] as const)('finds %s', async (_what, action, kind) => {
    expect((await tried(`${reading}; process.exitCode = 4; ${action}`)).found(kind)).toBeGreaterThan(0);
  });

  test('finds an analysis without distances', async () => {
    // Requests more exchanges than one run has, because only every other run is an analysis.
    expect((await tried(reading, 40)).found('wrong distances')).toBeGreaterThan(0);
  });

  test('finds a hash vector with blocks of a file that is not in its identity', async () => {
    // In the real command's vector of one image, the inode is replaced with the inode of another image.
    const forging = `
      const { execFileSync } = require('node:child_process');
      const [program, script] = ${JSON.stringify(COMMAND)};
      execFileSync(program, [script, 'hash', '--no-cache', '-o', 'out/own.arrow', 'good/own.raw']);
      const inodes = ['good/own.raw', 'good/other.raw'].map((name) => '"inode":"' + fs.statSync(name).ino);
      const bytes = fs.readFileSync('out/own.arrow', 'latin1');
      fs.writeFileSync('out/own.arrow', bytes.replaceAll(inodes[0], inodes[1]), 'latin1');`;
    expect((await tried(`${reading}; process.exitCode = 4; ${forging}`)).found('canary leaks')).toBeGreaterThan(0);
  });
});

describe('the exchanger', () => {
  test('exchanges two names after a given event, and restores them', async () => {
    const stage = await Stage.make();
    try {
      const [first, second] = ['first', 'second'].map((name) => join(stage.temporary, name)) as [string, string];
      await writeFile(first, 'first');
      await writeFile(second, 'second');
      await exchanger.arm([{ first, second, watch: [first], steps: [[1, 0]] }]);
      await readFile(first);
      while ((await readFile(first, 'utf8')) !== 'second') {}
      expect(await exchanger.stop()).toEqual([{ exchanged: 2, events: expect.any(Number) }]);
      expect(await readFile(first, 'utf8')).toBe('first');
    } finally {
      await stage.remove();
    }
  });
});
