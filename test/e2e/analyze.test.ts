import { mkdir, readdir, readFile, utimes } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Workplace } from './command.js';
import { FAMILY, FAMILY_TREE, rawImage, writeFamily } from './sample-images.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await writeFamily(workplace);
});

afterAll(() => workplace.remove());

describe('virt-similarity IMAGE…', () => {
  test('prints the tree to stdout, and progress and a summary to stderr', async () => {
    const { code, stdout, stderr } = await workplace.run('--no-cache', ...FAMILY);
    expect(stdout).toBe(FAMILY_TREE);
    expect(code).toBe(0);
    for (const name of FAMILY) {
      expect(stderr).toMatch(new RegExp(`^hashing ${name} \\(`, 'm'));
      expect(stderr).toMatch(new RegExp(`^${name}: hashed$`, 'm'));
    }
    expect(stderr).toMatch(
      /^3 images: 1\.1 MiB virtual, 960\.0 KiB data, of which 512\.0 KiB are shared with another image at the same position\n$/m,
    );
  });

  test('prints only the tree with --quiet', async () => {
    const { code, stdout, stderr } = await workplace.run('analyze', '-q', '--no-cache', ...FAMILY);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: FAMILY_TREE, stderr: '' });
  });

  test('accepts images from --add and from directories', async () => {
    await mkdir(workplace.path('images'), { recursive: true });
    await workplace.write('images/other.raw', rawImage(7, 8, 9, 0, 7, 8));
    await workplace.write('images/notes.md', 'not an image');
    const { stdout } = await workplace.run('-q', '--no-cache', '-a', 'base.raw', '--add=clone.raw', 'images');
    expect(stdout).toBe(FAMILY_TREE);
  });

  test('adds the columns of --annotate to a report, and warns about lines that name no image', async () => {
    await workplace.write('hosts.csv', 'image,host\nbase.raw,north\nclone.raw,"a, b"\ngone.raw,south\n');
    const words = ['-q', '--no-cache', '--annotate', 'hosts.csv', '-O', 'clusters', ...FAMILY];
    const { code, stdout, stderr } = await workplace.run(...words);
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/,(?! )/).slice(6))).toEqual([
      ['host'],
      ['north'],
      ['"a, b"'],
      [''],
      [],
    ]);
    expect(stderr).toBe(
      'virt-similarity: warning: --annotate hosts.csv: 1 of 3 lines name no image here: gone.raw; the first column must ' +
        'have the names that reports show, or paths\n',
    );
    await workplace.write('broken.csv', 'image,host\nbase.raw\n');
    const broken = await workplace.run('--annotate', 'broken.csv', ...FAMILY);
    expect(broken.code).toBe(2);
    expect(broken.stderr).toMatch(/^virt-similarity: error: --annotate broken\.csv: .* on line 2; write them as CSV/);
  });

  test('warns if Newick labels differ from names, and writes the table of names to --names', async () => {
    await workplace.write('web 1.raw', rawImage(1, 2, 3));
    await workplace.write('web-1.raw', rawImage(1, 2, 4));
    const newick = ['-q', '--no-cache', '-O', 'newick'];
    const tree = '(web-1.raw-2:0.5,web-1.raw:0.5);\n';
    expect(await workplace.run(...newick, 'web 1.raw', 'web-1.raw')).toEqual({
      code: 0,
      stdout: tree,
      stderr:
        'virt-similarity: warning: newick: 1 of 2 labels differ from the names of their images, and the table of names ' +
        'is not written; write it with --names FILE\n',
    });
    await workplace.write('twin.raw', rawImage(1, 2, 4));
    const twins = await workplace.run('--no-cache', '-q', '-o', 'zero.nwk', 'web-1.raw', 'twin.raw');
    expect(twins.stderr).toMatch(/^virt-similarity: warning: newick: all distances are 0, .*\n$/);
    const named = await workplace.run(...newick, '--names', 'n.tsv', 'web 1.raw', 'web-1.raw');
    expect(named).toEqual({ code: 0, stdout: tree, stderr: '' });
    const size = 3 * 65_536;
    const table =
      'label\tname\tpath\tcluster\tnearest\tdistance\tsize\tdata\tformat\n' +
      `web-1.raw-2\tweb 1.raw\tweb 1.raw\t1\tweb-1.raw\t1\t${size}\t${size}\traw\n` +
      `web-1.raw\tweb-1.raw\tweb-1.raw\t2\tweb-1.raw-2\t1\t${size}\t${size}\traw\n`;
    expect(await readFile(workplace.path('n.tsv'), 'utf8')).toBe(table);
    // The report on stdout causes no warning, because the table beside the file of the same format has the same labels.
    const beside = await workplace.run(...newick, '-o', 'beside.nwk', 'web 1.raw', 'web-1.raw');
    expect(beside).toEqual({ code: 0, stdout: tree, stderr: '' });
    expect(await readFile(workplace.path('beside.names.tsv'), 'utf8')).toBe(table);
    const plain = await workplace.run(...newick, 'base.raw', 'web-1.raw');
    expect(plain).toMatchObject({ code: 0, stderr: '' });
  });

  test('writes the table of names to --names instead of beside each file, and never over an image', async () => {
    const words = ['-q', '--no-cache', '-o', 'elsewhere.nwk'];
    const { code, stderr } = await workplace.run(...words, '--names', 'chosen.tsv', 'base.raw', 'clone.raw');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await readFile(workplace.path('chosen.tsv'), 'utf8')).toContain('base.raw\tbase.raw\tbase.raw\t');
    expect(await readdir(workplace.directory)).not.toContain('elsewhere.names.tsv');
    const over = await workplace.run(...words, '--names', 'base.raw', 'base.raw', 'clone.raw');
    expect(over).toMatchObject({ code: 4, stderr: expect.stringContaining('would overwrite the image base.raw') });
    const without = await workplace.run('-q', '--no-cache', '--names', 'n.tsv', 'base.raw', 'clone.raw');
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--names has no effect here') });
    const quoted = ['--dialect', 'quoted', '--names', 'quoted.tsv', 'base.raw', 'clone.raw'];
    expect(await workplace.run(...words, ...quoted)).toMatchObject({
      code: 2,
      stderr: 'virt-similarity: error: --names has no effect with --dialect quoted; omit one of them\n',
    });
  });

  test('applies --format to the images that follow', async () => {
    await workplace.write('text.txt', 'some words\n'.repeat(100));
    const refused = await workplace.run('-q', '--no-cache', 'text.txt', '--format', 'raw', 'base.raw', 'clone.raw');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/^virt-similarity: error: .*text\.txt.*--format raw.*\n$/);
    const stated = await workplace.run('-q', '--no-cache', '--format', 'raw', 'text.txt', 'base.raw');
    expect(stated.code).toBe(0);
  });

  test('accepts names that begin with a hyphen after --', async () => {
    await workplace.write('-v.raw', rawImage(1));
    const { code, stdout } = await workplace.run('-q', '--no-cache', '--', '-v.raw', 'base.raw');
    expect(code).toBe(0);
    expect(stdout).toContain('--- -v.raw');
  });

  test('escapes control characters in names in all output', async () => {
    await workplace.write('\u001b[2Jb\n.raw', rawImage(1));
    const { code, stdout, stderr } = await workplace.run('--no-cache', '\u001b[2Jb\n.raw', 'base.raw');
    expect(code).toBe(0);
    expect(stdout).toContain('--- \\x1b[2Jb\\x0a.raw\n');
    expect(stdout + stderr).not.toContain('\u001b');
  });
});

describe('reports', () => {
  test('are written to files in the format of their extensions, and the tree is still printed', async () => {
    const outputs = ['tree.txt', 'tree.nwk', 'tree.dot', 'tree.json'];
    const { code, stdout } = await workplace.run(
      '-q',
      '--no-cache',
      ...outputs.flatMap((name) => ['-o', name]),
      ...FAMILY,
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: FAMILY_TREE });
    const [text, newick, dot, json] = await Promise.all(outputs.map((name) => readFile(workplace.path(name), 'utf8')));
    expect(text).toBe(FAMILY_TREE);
    expect(newick).toMatch(/^\(\(.*\);\n$/);
    expect(dot).toMatch(/^graph /);
    expect(JSON.parse(json ?? '').images).toHaveLength(3);
    expect(await readFile(workplace.path('tree.names.tsv'), 'utf8')).toContain('clone.raw');
  });

  test('are written to stdout in the format of --output-format', async () => {
    const { stdout } = await workplace.run('-q', '--no-cache', '-O', 'json', ...FAMILY);
    expect(JSON.parse(stdout).images.map(({ name }: { name: string }) => name)).toEqual(FAMILY);
  });

  test('use the options of their own reporters', async () => {
    const { code, stdout } = await workplace.run(
      ...['-q', '--no-cache', '--heights', '--dialect', 'quoted', '-o', 'quoted.nwk', ...FAMILY],
    );
    expect(code).toBe(0);
    expect(stdout).not.toBe(FAMILY_TREE);
    expect(await readFile(workplace.path('quoted.nwk'), 'utf8')).toContain('(base.raw:0.5,clone.raw:0.5)');
    expect(await readdir(workplace.directory)).not.toContain('quoted.names.tsv');
  });

  test('end without an error if the pipe that they are written to is closed', async () => {
    const { process: child, ended } = workplace.start(['-q', '--no-cache', ...FAMILY]);
    child.stdout?.destroy();
    expect(await ended).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('are not truncated in a pipe, even if they are long', async () => {
    const names = Array.from({ length: 120 }, (_, index) => `many/${'long-name-'.repeat(20)}${index}.raw`);
    await mkdir(workplace.path('many'));
    for (const [index, name] of names.entries()) {
      await workplace.write(name, Uint8Array.of(1 + index));
    }
    const { stdout } = await workplace.run('-q', '--no-cache', '-O', 'json', 'many');
    expect(stdout.length).toBeGreaterThan(65_536);
    expect(JSON.parse(stdout).images).toHaveLength(120);
  });
});

describe('the cache', () => {
  test('prevents reading images again unless they were touched', async () => {
    const words = ['--cache', 'kept', ...FAMILY];
    await workplace.run(...words);
    const second = await workplace.run(...words);
    expect(second.stdout).toBe(FAMILY_TREE);
    expect(second.stderr).not.toMatch(/^hashing/m);
    expect(second.stderr.match(/taken from the cache/g)).toHaveLength(3);
    await utimes(workplace.path('clone.raw'), 1, 1);
    const third = await workplace.run(...words);
    expect(third.stderr.match(/^hashing .*$/gm)).toEqual([expect.stringMatching(/^hashing clone\.raw /)]);
  });

  test('is in the working directory by default, and not created with --no-cache', async () => {
    await workplace.run('-q', '--no-cache', ...FAMILY);
    expect(await readdir(workplace.directory)).not.toContain('similarity-cache');
    await workplace.run('-q', ...FAMILY);
    expect(await readdir(workplace.directory)).toContain('similarity-cache');
  });

  test.each(['list', 'verify', 'prune'])('is reported by %s if it does not exist', async (action) => {
    const { code, stdout, stderr } = await workplace.run('cache', action, '--cache', 'nowhere');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toBe('there is no cache nowhere; a run creates it, or name another one with --cache\n');
  });

  test('is listed, verified and pruned', async () => {
    await workplace.write('gone.raw', rawImage(1));
    await workplace.run('-q', '--cache', 'looked-after', 'gone.raw', 'base.raw');
    const [entry] = await readdir(workplace.path('looked-after'));
    const listed = await workplace.run('cache', 'list', '--cache', 'looked-after');
    expect(listed.stdout.match(/^current .*\.raw$/gm)).toHaveLength(2);

    await workplace.write(`looked-after/${entry}`, 'damaged');
    const verified = await workplace.run('cache', 'verify', '--cache', 'looked-after');
    expect(verified.code).toBe(5);
    expect(verified.stdout.match(/^bad .*/gm)).toHaveLength(1);
    // The path of the entry is printed once, together with the reason. The remedy follows on stderr.
    expect(verified.stdout.split(entry!)).toHaveLength(2);
    expect(verified.stderr).toMatch(
      /warning: 1 hash vector cannot be used; delete damaged entries with virt-similarity cache prune --cache 'looked-after', or analyse/,
    );

    const pruned = await workplace.run('cache', 'prune', '--cache', 'looked-after');
    expect(pruned.code).toBe(0);
    expect(pruned.stderr).toMatch(/^1 hash vector .* deleted from looked-after$/m);
    expect(await readdir(workplace.path('looked-after'))).toHaveLength(1);
  });
});
