import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMAND } from '../fixtures/command.js';
import { Workplace } from './command.js';

let workplace: Workplace;
/** A program in place of a browser: writes its arguments to the file `opened`, which appears once it is complete. */
const BROWSER = '#!/bin/sh\nprintf "%s\\n" "$@" > opening && mv opening opened\n';

beforeAll(async () => {
  workplace = await Workplace.make();
  await workplace.write('a.raw', new Uint8Array(65_536).fill(1));
  await workplace.write('b.raw', new Uint8Array(65_536).fill(2));
  await workplace.write('browser', BROWSER);
  await chmod(workplace.path('browser'), 0o755);
});

afterAll(() => workplace.remove());

/** Runs the command `view` with these environment variables, without other variables that describe a desktop. */
const view = (variables: readonly string[], ...words: readonly string[]) => {
  const unset = ['-u', 'DISPLAY', '-u', 'WAYLAND_DISPLAY', '-u', 'BROWSER'];
  return workplace.startBy('env', [...unset, ...variables, ...COMMAND, 'view', '--no-cache', ...words]).ended;
};

describe('view', () => {
  test('writes the report to a page that only this user can read, and prints its path', async () => {
    const { code, stdout, stderr } = await view([], 'a.raw', 'b.raw');
    expect(code).toBe(0);
    const page = stdout.trimEnd();
    expect(await readFile(page, 'utf8')).toContain('<title>');
    expect((await stat(page)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(page))).mode & 0o777).toBe(0o700);
    expect(dirname(dirname(page))).toBe(workplace.temporary);
    expect(stderr).toContain('there is no desktop here; open the page in a browser\n');
  });

  test('opens the page with the first browser in BROWSER that starts, if there is a desktop', async () => {
    const browsers = `BROWSER=/nonexistent/browser:${workplace.path('browser')} --new %s`;
    const { code, stdout } = await view(['DISPLAY=:9', browsers], 'a.raw', 'b.raw');
    expect(code).toBe(0);
    const [option, url] = (await whenWritten('opened')).split('\n');
    expect(option).toBe('--new');
    expect(fileURLToPath(url!)).toBe(stdout.trimEnd());
  });

  test('does not fail if no browser starts', async () => {
    const { code, stderr } = await view(['WAYLAND_DISPLAY=w', 'BROWSER=/nonexistent/browser'], 'a.raw', 'b.raw');
    expect(code).toBe(0);
    expect(stderr).toContain('cannot start /nonexistent/browser; open the page in a browser\n');
  });

  test('opens nothing on request', async () => {
    const { stderr } = await view(['DISPLAY=:9', 'BROWSER=/nonexistent/browser'], '--no-open', 'a.raw', 'b.raw');
    expect(stderr).not.toContain('browser');
  });

  test('leaves nothing behind if there is no report', async () => {
    const before = await readdir(workplace.temporary);
    expect((await view([], 'a.raw')).code).toBe(2);
    expect((await view([], 'a.raw', 'missing.raw')).code).toBe(5);
    expect(await readdir(workplace.temporary)).toEqual(before);
  });
});

/** Returns the content of a file once it exists. */
async function whenWritten(name: string): Promise<string> {
  for (;;) {
    const text = await readFile(workplace.path(name), 'utf8').catch(() => undefined);
    if (text !== undefined) {
      return text;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
