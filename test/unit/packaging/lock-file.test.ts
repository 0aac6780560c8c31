import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';

interface LockedPackage {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

async function lockedPackages(): Promise<(readonly [path: string, entry: LockedPackage])[]> {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return Object.entries(packages).filter(([path, { link }]) => /(^|\/)node_modules\//.test(path) && link !== true);
}

describe('package-lock.json', () => {
  test('has an integrity for every package from the registry, including those for other platforms', async () => {
    const locked = await lockedPackages();
    expect(locked.length).toBeGreaterThan(100);
    expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
  });

  test('has no source other than the registry', async () => {
    const others = (await lockedPackages()).filter(([, { resolved }]) => resolved !== undefined);
    expect(others.filter(([, { resolved }]) => !resolved!.startsWith('https://registry.npmjs.org/'))).toEqual([]);
  });
});
