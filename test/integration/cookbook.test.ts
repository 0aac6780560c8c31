import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAnalyzer, writeHashVector } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { runTool } from '../fixtures/run-tool.js';

const BLOCK = 65_536;
const ROOT = process.cwd();

let directory: string;
/** Four disks of eight blocks. Each disk differs from the previous disk in one block. */
let disks: readonly string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cookbook-'));
  disks = await Promise.all(
    [0, 1, 2, 3].map(async (disk) => {
      const content = Buffer.alloc(8 * BLOCK, 1);
      for (let block = 0; block < disk; block++) {
        content.fill(2, block * BLOCK, (block + 1) * BLOCK);
      }
      const path = join(directory, `${disk}.raw`);
      await writeFile(path, content);
      return path;
    }),
  );
});

afterAll(() => rm(directory, { recursive: true }));

function run(program: string, ...words: readonly string[]): Promise<string> {
  return runTool('node', [join(ROOT, 'examples/cookbook', program), ...words]).then(({ stdout }) => stdout);
}

/** Writes the hash vectors of all disks. Returns their files. */
async function vectorFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const outcome of createAnalyzer({ plugins: [readers, hashers] }).hash(disks)) {
    if (outcome.vector !== undefined) {
      const file = `${outcome.path}.arrow`;
      await writeHashVector(outcome.vector, file);
      files.push(file);
    }
  }
  return files.sort();
}

describe('the cookbook', () => {
  test('finds the stored images that are closest to a new image', async () => {
    const [first, ...stored] = await vectorFiles();
    expect(first).toBe(`${disks[0]}.arrow`);
    const expected = [1, 2, 3].map((disk) => `${disk} blocks: ${disks[disk]}\n`).join('');
    expect(await run('nearest.js', disks[0]!, ...stored)).toBe(expected);
    // Vectors that were just written are not indexed on disk. The second run writes the index, the third uses it.
    await Promise.all(stored.map((file) => utimes(file, 1_000_000_000, 1_000_000_000)));
    expect(await run('nearest.js', disks[0]!, ...stored)).toBe(expected);
    expect(await readdir(join(directory, 'index'))).toHaveLength(1);
    expect(await run('nearest.js', disks[0]!, ...stored)).toBe(expected);
  });

  test('analyses many families concurrently', async () => {
    const families = Array.from({ length: 20 }, () => disks.slice(0, 3).join());
    expect(await run('many-at-once.js', ...families)).toBe('0.raw, 1.raw, 2.raw: 1 2 1\n'.repeat(20));
  });

  test('extends the analysis in a JSON report', async () => {
    const files = await vectorFiles();
    const report = join(directory, 'report.json');
    const command = join(ROOT, 'packages/cli/bin/virt-similarity.js');
    await runTool('node', [command, '-q', '-o', report, ...files.slice(0, 3)]);
    const whole = await runTool('node', [command, '-q', ...files]);
    expect(await run('extend-report.js', report, files[3]!)).toBe(whole.stdout);
  });

  test('draws a tree from custom distances', async () => {
    expect(await run('own-distances.js', 'cat', 'car', 'dogs')).toBe('((cat:0.5,car:0.5):1.5,dogs:2);\n');
  });
});

describe('the program that watches a directory', () => {
  test('prints the tree again when an image is added, and ends at SIGINT', async () => {
    const watched = await mkdtemp(join(directory, 'watched-'));
    await writeFile(join(watched, 'one.raw'), Buffer.alloc(BLOCK, 1));
    await writeFile(join(watched, 'two.raw'), Buffer.alloc(BLOCK, 2));
    const program = start('watch.js', watched);
    await program.printed(/two\.raw/);
    await writeFile(join(watched, 'six.raw'), Buffer.alloc(BLOCK, 6));
    await program.printed(/six\.raw/);
    program.child.kill('SIGINT');
    expect(await once(program.child, 'exit')).toEqual([0, null]);
  });
});

describe('the program that serves analyses over HTTP', () => {
  let program: ReturnType<typeof start>;
  let origin: string;

  beforeAll(async () => {
    const served = await mkdtemp(join(directory, 'served-'));
    await writeFile(join(served, 'one.raw'), Buffer.alloc(BLOCK, 1));
    await writeFile(join(served, 'two.raw'), Buffer.alloc(2 ** 29, 2));
    program = start('serve.js', served, '0');
    const [, port] = await program.printed(/listening on port (\d+)/);
    origin = `http://127.0.0.1:${port}`;
  });

  afterAll(() => {
    program.child.kill();
  });

  test('cancels the analysis of a client that disconnects', async () => {
    const client = new AbortController();
    const request = fetch(`${origin}/svg`, { signal: client.signal });
    await program.printed(/svg: started/);
    client.abort();
    await expect(request).rejects.toThrow('aborted');
    await program.printed(/\/svg: interrupted/);
  });

  test('serves a report with its media type', async () => {
    const response = await fetch(`${origin}/newick?linkage=average`);
    expect(response.headers.get('content-type')).toBe('text/x-nh; charset=utf-8');
    expect(await response.text()).toBe('(one.raw:4096,two.raw:4096);\n');
  });

  test('answers an unknown report or linkage with status 400, and suggests a report', async () => {
    const responses = await Promise.all(['newik', 'newick?linkage=near'].map((path) => fetch(`${origin}/${path}`)));
    expect(responses.map(({ status }) => status)).toEqual([400, 400]);
    expect(await responses[0]!.text()).toContain("did you mean 'newick'?");
  });
});

/** Starts a program of the cookbook. */
function start(name: string, ...words: readonly string[]) {
  const child = spawn('node', [join(ROOT, 'examples/cookbook', name), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  /** Resolves with the match once the output of the program matches the pattern. */
  const printed = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(text);
      if (match !== null) {
        return match;
      }
      if (child.exitCode !== null) {
        throw new Error(`${name} ended with ${child.exitCode} before it printed ${pattern}: ${text}`);
      }
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    }
  };
  return { child, printed };
}

test('the LVM source of the cookbook lists logical volumes, but not their pools', async () => {
  if (process.getuid?.() !== 0) {
    console.warn('skipped: creating a volume group needs root');
    return;
  }
  const group = `vst${process.pid}`;
  const disk = join(directory, 'physical-volume');
  await writeFile(disk, '');
  await truncate(disk, 64 * 2 ** 20);
  const device = (await runTool('losetup', ['--find', '--show', disk])).stdout.trim();
  try {
    await runTool('pvcreate', ['-q', device]);
    await runTool('vgcreate', ['-q', group, device]);
    // Creating volumes needs the kernel's device mapper. Restoring their metadata does not.
    const backup = join(directory, 'metadata');
    await runTool('vgcfgbackup', ['-q', '-f', backup, group]);
    const metadata = await readFile(backup, 'utf8');
    await writeFile(backup, metadata.replace(/(\n\tphysical_volumes \{[\s\S]*?\n\t\}\n)/, `$1${LOGICAL_VOLUMES}`));
    await runTool('vgcfgrestore', ['-q', '--force', '--yes', '-f', backup, group]);
    const { default: plugin } = await import(join(ROOT, 'examples/cookbook/lvm-source.js'));
    const analyzer = createAnalyzer({ plugins: [readers, plugin] });
    const image = (name: string) => ({ path: `/dev/${group}/${name}`, format: 'raw', label: `${group}/${name}` });
    const found = await analyzer.findImages([`lvm:${group}`]);
    expect(found.sources.toSorted((one, other) => (one.path < other.path ? -1 : 1))).toEqual(
      ['clone', 'db', 'web'].map(image),
    );
    expect((await analyzer.findImages([`lvm:${group}/db`])).sources).toEqual([image('db')]);
    await expect(analyzer.findImages(['lvm:--help'])).rejects.toMatchObject({ code: 'plugin' });
  } finally {
    await runTool('losetup', ['--detach', device]);
  }
});

/** A volume, a thin pool, a thin volume and its snapshot, as LVM's metadata. */
const LOGICAL_VOLUMES = `logical_volumes {
${[
  volume('web', 1, 'type = "striped"\nstripe_count = 1\nstripes = ["pv0", 0]'),
  volume('pool_tmeta', 2, 'type = "striped"\nstripe_count = 1\nstripes = ["pv0", 2]', false),
  volume('pool_tdata', 3, 'type = "striped"\nstripe_count = 1\nstripes = ["pv0", 4]', false),
  volume(
    'pool',
    4,
    'type = "thin-pool"\nmetadata = "pool_tmeta"\npool = "pool_tdata"\ntransaction_id = 2\nchunk_size = 128\ndiscards = "passdown"\nzero_new_blocks = 1',
  ),
  volume('db', 5, 'type = "thin"\nthin_pool = "pool"\ntransaction_id = 0\ndevice_id = 1'),
  volume('clone', 6, 'type = "thin"\nthin_pool = "pool"\ntransaction_id = 1\ndevice_id = 2\norigin = "db"'),
].join('\n')}
}
`;

function volume(name: string, number: number, segment: string, isVisible = true): string {
  return `${name} {
id = "${String(number).repeat(6)}-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa"
status = ["READ", "WRITE"${isVisible ? ', "VISIBLE"' : ''}]
flags = []
segment_count = 1
segment1 {
start_extent = 0
extent_count = 2
${segment}
}
}`;
}
