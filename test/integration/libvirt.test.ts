import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAnalyzer, type ListedImage, type ListOptions } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import libvirt, { LibvirtSource } from '@virt-similarity/libvirt';
import readers from '@virt-similarity/readers';
import { imageSourceContract } from '@virt-similarity/testing';
import { withFakeProgram } from '../fixtures/fake-program.js';
import { type DomainToDefine, domainXml, fileDisk, nodeXml, uuidOf } from '../fixtures/libvirt-domains.js';
import { diskContent, makeImage, runTestTool, withDirectory } from './qemu-images.js';

/** Calls `use` with the URI of libvirt's test driver with these domains, and with a temporary directory. */
function withDomains<T>(domains: readonly DomainToDefine[], use: (uri: string, directory: string) => Promise<T>) {
  return withDirectory(async (directory) => {
    const node = join(directory, 'node.xml');
    await writeFile(node, nodeXml(...domains));
    return use(`test://${node}`, directory);
  });
}

/** The images that a source lists, and its notes. */
interface Listed {
  readonly images: readonly ListedImage[];
  readonly notes: readonly string[];
}

async function listed(uri: string, words: readonly string[], options: Partial<ListOptions> = {}): Promise<Listed> {
  const images: ListedImage[] = [];
  const notes: string[] = [];
  const onNote: ListOptions['onNote'] = (level, message) => notes.push(`${level}: ${message}`);
  for await (const image of new LibvirtSource(uri).list(
    words.map((word) => ({ word })),
    { onNote, ...options },
  )) {
    images.push(image);
  }
  return { images, notes };
}

const labelsOf = ({ images }: Listed) => images.map(({ label }) => label);
const disk = (name: string, target = 'vda') => fileDisk(target, `/disks/${name}.qcow2`, 'qcow2');

describe('the contract of a source', () => {
  let directory: string;
  let source: LibvirtSource;
  beforeAll(async () => {
    directory = await mkdtemp('/tmp/vst-');
    const node = join(directory, 'node.xml');
    await writeFile(node, nodeXml({ name: 'a', devices: disk('a') }, { name: 'b', devices: disk('b') }));
    source = new LibvirtSource(`test://${node}`);
  });
  afterAll(() => rm(directory, { recursive: true }));

  for (const { title, run } of imageSourceContract(() => ({ source, words: ['a', 'b:vda'] }))) {
    test(title, run);
  }
});

describe('the words for domains', () => {
  const domains = [
    { name: 'web', devices: disk('web') + disk('data', 'vdb') },
    { name: 'web:vda', devices: disk('other') },
    { name: '7', devices: disk('seven') },
  ];

  test('mean a domain by its name or UUID, one of its disks, or all domains', async () => {
    await withDomains(domains, async (uri) => {
      expect(labelsOf(await listed(uri, ['web']))).toEqual(['web:vda', 'web:vdb']);
      expect(labelsOf(await listed(uri, ['web:vdb']))).toEqual(['web:vdb']);
      expect(labelsOf(await listed(uri, ['7:vda', uuidOf('7')]))).toEqual(['7:vda', '7:vda']);
      // A domain whose complete name matches takes precedence over a disk.
      expect((await listed(uri, ['web:vda'])).images).toEqual([
        { path: '/disks/other.qcow2', format: 'qcow2', backing: [], label: 'web:vda:vda' },
      ]);
      expect(labelsOf(await listed(uri, ['']))).toEqual(['7:vda', 'web:vda', 'web:vdb', 'web:vda:vda']);
    });
  });

  test('never mean the number of a running domain', async () => {
    // The test driver numbers running domains from 1.
    const running = { name: 'first', state: 'running', devices: disk('first') } as const;
    await withDomains([running, { name: '1', devices: disk('one') }], async (uri) => {
      expect(labelsOf(await listed(uri, ['1']))).toEqual(['1:vda']);
    });
    await withDomains([running], async (uri) => {
      const { images } = await listed(uri, ['1']);
      expect(images).toEqual([
        {
          path: 'libvirt:1',
          failure: expect.objectContaining({ message: expect.stringContaining('no domain of this') }),
        },
      ]);
    });
  });

  test.each([
    ['--help', 'no domain of this name'],
    ['web:sda', 'expected a disk sda in a file or block device, found vda, vdb, hdc (cdrom)'],
    ['web:hdc', 'expected a disk hdc in a file or block device, found vda, vdb, hdc (cdrom)'],
    ['none', 'found hdc (cdrom)'],
    ['empty', 'found no disk'],
    [':', 'no domain of this name'],
  ])('that name no disk fail as one image: %s', async (word, message) => {
    const cdrom = "<disk type='file' device='cdrom'><target dev='hdc'/></disk>";
    const others = [
      { name: 'web', devices: disk('web') + disk('data', 'vdb') + cdrom },
      { name: 'none', devices: cdrom },
      { name: 'empty' },
    ];
    await withDomains(others, async (uri) => {
      const { images } = await listed(uri, [word]);
      expect(images).toEqual([
        {
          path: `libvirt:${word}`,
          failure: expect.objectContaining({ code: 'unreadable', message: expect.stringContaining(message) }),
        },
      ]);
    });
  });
});

describe('domains', () => {
  test('with odd names are found', async () => {
    const names = [
      '-c',
      '--all',
      'a b',
      `'"$(id)\`id\`;`,
      '<&>',
      'ü\u{1f600}',
      'line\nbreak',
      `x\n${uuidOf('-c')}`,
      '%s',
      'a:b:',
    ];
    const domains = names.map((name) => ({ name, devices: fileDisk('vda', `/disks/${name}`, 'raw') }));
    await withDomains(domains, async (uri) => {
      const expected = names.map((name) => `${name}:vda`);
      expect(new Set(labelsOf(await listed(uri, [''])))).toEqual(new Set(expected));
      expect(labelsOf(await listed(uri, names))).toEqual(expected);
      const { images } = await listed(uri, [`'"$(id)\`id\`;:vda`]);
      expect(images[0]?.path).toBe(`/disks/'"$(id)\`id\`;`);
    });
  });

  test('can have 40 disks', async () => {
    const targets = Array.from(
      { length: 40 },
      (_, index) => `vd${String.fromCharCode(97 + (index % 26))}${index < 26 ? '' : 'a'}`,
    );
    const devices = targets.map((target) => fileDisk(target, `/disks/${target}`, 'raw')).join('');
    await withDomains([{ name: 'many', devices }], async (uri) => {
      expect(new Set(labelsOf(await listed(uri, ['many'])))).toEqual(
        new Set(targets.map((target) => `many:${target}`)),
      );
    });
  });

  test('that are running fail unless images in use are allowed', async () => {
    await withDomains([{ name: 'web', state: 'running', devices: disk('web') }], async (uri) => {
      const { images } = await listed(uri, ['']);
      expect(images).toEqual([
        expect.objectContaining({
          label: 'web:vda',
          failure: expect.objectContaining({
            code: 'in-use',
            message: expect.stringContaining('domain web is running; shut it down, or pass `allowInUse`'),
          }),
        }),
      ]);
      const [allowed] = (await listed(uri, [''], { allowInUse: true })).images;
      expect(allowed).not.toHaveProperty('failure');
      expect(allowed).toHaveProperty('inUse', true);
    });
  });

  test('that are shut off also fail if a running domain has the same disk, in any order', async () => {
    const domains = [
      { name: 'a', devices: disk('shared') },
      { name: 'b', state: 'running', devices: disk('shared') },
    ] as const;
    await withDomains(domains, async (uri) => {
      for (const words of [[''], ['a', 'b'], ['b', 'a']]) {
        const { images } = await listed(uri, words);
        expect(images).toHaveLength(1);
        expect(images[0]?.failure).toMatchObject({ code: 'in-use', message: expect.stringContaining('domain b is') });
      }
    });
  });

  test('that are removed while they are listed are left out', async () => {
    const domains = [
      { name: 'stays', devices: disk('a') },
      { name: 'goes', devices: disk('b') },
    ];
    await withDomains(domains, async (uri, directory) => {
      const { stdout } = { stdout: (await runTestTool('sh', '-c', 'command -v virsh')).trim() };
      await writeFile(join(directory, 'later.xml'), nodeXml(domains[0]!));
      const script = `${stdout} "$@"; result=$?
        case "$*" in *list*) cp '${directory}/later.xml' '${directory}/node.xml';; esac
        exit $result`;
      await withFakeProgram('virsh', script, async () => {
        const { images, notes } = await listed(uri, ['']);
        expect(images.map(({ label }) => label)).toEqual(['stays:vda']);
        expect(notes).toEqual([
          `warning: [libvirt] left out domain ${uuidOf('goes')}: it was removed while the domains were listed`,
        ]);
      });
    });
  });

  test('that share a disk result in one image', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'shared.raw');
      await writeFile(path, '');
      await runTestTool('ln', '-s', path, join(directory, 'link.raw'));
      const domains = [
        { name: 'one', devices: fileDisk('vda', path, 'raw') },
        { name: 'two', devices: fileDisk('vda', join(directory, 'link.raw'), 'raw') },
      ];
      await withDomains(domains, async (uri) => {
        const { images, notes } = await listed(uri, ['']);
        expect(images.map(({ label }) => label)).toEqual(['one:vda']);
        expect(notes).toContain('debug: [libvirt] left out two:vda: the same disk as one:vda');
      });
    });
  });

  test('have disks that are left out with a note', async () => {
    const devices = `${disk('web')}
      <disk type='file' device='cdrom'><target dev='hdc'/></disk>
      <disk type='network'><driver type='raw'/><source protocol='rbd' name='p/i'><host name='h'/></source><target dev='vdb'/></disk>`;
    await withDomains([{ name: 'web', devices }], async (uri) => {
      expect((await listed(uri, ['web'])).notes).toEqual([
        expect.stringMatching(/^warning: \[libvirt\] left out: .*1 × cdrom.*; see every name with `onNote`$/),
        'debug: [libvirt] left out web:vdb: network: rbd',
        'debug: [libvirt] left out web:hdc: cdrom',
      ]);
    });
  });
});

describe('a connection', () => {
  test.each(['qemu+ssh://root@host/system', 'test+tcp://127.0.0.1/default', 'esx://host/'])(
    'to another host is refused: %s',
    async (uri) => {
      await expect(listed(uri, [''])).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining('hash there'),
      });
    },
  );

  test.each(['test:///none.xml', 'nonsense', '--help', 'qemu:///session?socket=/none'])(
    'that cannot be made results in the code unavailable: %s',
    async (uri) => {
      await expect(listed(uri, [''])).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(
          /^\[libvirt\] virsh uri failed: failed to connect to the hypervisor: .*; check the/,
        ),
      });
    },
  );

  test('without domains results in one failed image', async () => {
    await withDomains([], async (uri) => {
      expect((await listed(uri, [''])).images).toEqual([
        { path: 'libvirt:', failure: expect.objectContaining({ message: expect.stringContaining('0 domains') }) },
      ]);
    });
  });

  test.each([
    ['nothing', ''],
    ['another document', 'echo "<pool/>"'],
    ['an endless text', 'yes "<a>"'],
  ])('whose virsh prints %s fails', async (_, output) => {
    await withFakeProgram(
      'virsh',
      `case "$*" in *uri*) echo test:///default;; *) ${output || ':'};; esac`,
      async () => {
        await expect(listed('test:///default', ['web'])).rejects.toMatchObject({ code: expect.stringMatching(/^un/) });
      },
    );
  });

  test('is needed only if a domain is named', async () => {
    await withFakeProgram('virsh', 'exit 1', async () => {
      const analyzer = createAnalyzer({ plugins: [readers, [libvirt, { connect: 'nonsense' }]] });
      expect((await analyzer.findImages(['disk.raw'])).sources).toEqual([{ path: 'disk.raw' }]);
    });
  });
});

describe('an analysis', () => {
  test('follows a chain through the directories that the definition states, and no others', async () => {
    await withDirectory(async (directory) => {
      const [top, base, other] = ['top', 'base', 'other'].map((name) => join(directory, name));
      await Promise.all([top, base, other].map((each) => mkdir(each!)));
      await makeImage(join(base!, 'base.raw'), 'raw', diskContent());
      for (const [path, backing] of [
        [join(top!, 'stated.qcow2'), join(base!, 'base.raw')],
        [join(other!, 'unstated.qcow2'), join(base!, 'base.raw')],
      ] as const) {
        await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', backing, path);
      }
      const store = `<backingStore type='file'><format type='raw'/><source file='${base}/base.raw'/><backingStore/></backingStore>`;
      const stated = { name: 'stated', devices: fileDisk('vda', `${top}/stated.qcow2`, 'qcow2', store) };
      const unstated = { name: 'unstated', devices: fileDisk('vda', `${other}/unstated.qcow2`, 'qcow2') };
      const compose = (uri: string) => createAnalyzer({ plugins: [readers, hashers, [libvirt, { connect: uri }]] });
      await withDomains([stated], async (uri) => {
        const { images, distances } = await compose(uri).analyze(['libvirt:stated', join(base!, 'base.raw')]);
        expect(images.map(({ name }) => name)).toEqual(['stated:vda', 'base.raw']);
        expect([...distances.values]).toEqual([0]);
      });
      await withDomains([unstated], async (uri) => {
        for await (const outcome of compose(uri).hash(['libvirt:'])) {
          expect(outcome).toMatchObject({ error: { code: 'refused' } });
        }
      });
    });
  });

  test('reads a raw disk as raw, whatever its guest wrote', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.img');
      await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', path, '1M');
      await withDomains([{ name: 'web', devices: fileDisk('vda', path, 'raw') }], async (uri) => {
        const analyzer = createAnalyzer({ plugins: [readers, hashers, [libvirt, { connect: uri }]] });
        for await (const outcome of analyzer.hash(['libvirt:web'])) {
          expect(outcome).toMatchObject({ vector: { identity: { chain: [{ format: 'raw' }] } } });
        }
      });
    });
  });
});

describe('a session daemon', () => {
  test('lists a chain while its domain runs, and after the domain was shut off', async () => {
    await withSession(async (virsh, uri, directory) => {
      const [base, top] = [join(directory, 'base.qcow2'), join(directory, 'top.qcow2')];
      await makeImage(base!, 'qcow2', diskContent());
      await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base!, top!);
      await Promise.all([base!, top!].map(giveAway));
      const definition = join(directory, 'domain.xml');
      const xml = domainXml({ name: 'web', devices: fileDisk('vda', top!, 'qcow2') })
        .replace("type='test'", "type='qemu'")
        .replace(/<test:runstate>\d<\/test:runstate>/, '')
        .replace('<memory>1024', "<memory unit='MiB'>64")
        .replace('<type>', "<type arch='x86_64' machine='pc'>");
      await writeFile(definition, xml);
      await virsh('define', definition);
      await virsh('start', 'web');
      const running = await listed(uri, ['web']);
      expect(running.images).toEqual([
        expect.objectContaining({ path: top, backing: [base], failure: expect.objectContaining({ code: 'in-use' }) }),
      ]);
      const analyzer = createAnalyzer({ plugins: [readers, hashers, [libvirt, { connect: uri }]] });
      const cache = join(directory, 'cache');
      for (const expected of [false, false]) {
        for await (const outcome of analyzer.hash(['libvirt:web'], { allowInUse: true, cache })) {
          expect(outcome).toMatchObject({ path: top, cached: expected });
        }
      }
      await virsh('destroy', 'web');
      const { distances } = await analyzer.analyze(['libvirt:web', base!]);
      expect([...distances.values]).toEqual([0]);
    });
  });
});

/** The user that runs the daemon if the test runs as root, because libvirt has no session connections for root. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

async function giveAway(path: string): Promise<void> {
  if (isRoot) {
    await chown(path, NOBODY, NOBODY);
  }
}

/**
 * Starts a private daemon of libvirt. Calls `use` with a function that runs virsh on the daemon, the URI of the daemon,
 * and a temporary directory.
 */
async function withSession(
  use: (virsh: (...words: string[]) => Promise<string>, uri: string, directory: string) => Promise<void>,
): Promise<void> {
  // The path is short, because the kernel limits the length of the paths of the sockets below it.
  const directory = await mkdtemp('/tmp/vst-');
  await chmod(directory, 0o755);
  const [home, runtime] = [join(directory, 'home'), join(directory, 'run')];
  for (const each of [home, runtime]) {
    await mkdir(each, { mode: 0o700 });
    await giveAway(each);
  }
  const sockets = join(runtime, 'libvirt');
  const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const environment = { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: runtime };
  const daemon = spawn('libvirtd', [], { ...identity, env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  daemon.stderr?.on('data', (text) => {
    stderr += text;
  });
  const exited = new Promise<void>((resolve, reject) => {
    daemon.once('error', reject);
    daemon.once('exit', () => resolve());
  });
  const uri = `qemu:///session?socket=${sockets}/libvirt-sock`;
  const virsh = (...words: string[]) => runTestTool('virsh', '-c', uri, ...words);
  try {
    for (let tries = 0; ; tries += 1) {
      const answer = await virsh('uri').catch((error: Error) => error);
      if (typeof answer === 'string') {
        break;
      }
      if (daemon.exitCode !== null || tries > 600) {
        throw new Error(`libvirtd does not answer: ${answer.message} ${stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await use(virsh, uri, directory);
  } finally {
    // Ends the domain, if the test did not.
    await virsh('destroy', 'web').catch(() => undefined);
    daemon.kill('SIGTERM');
    await exited;
    await rm(directory, { recursive: true });
  }
}
