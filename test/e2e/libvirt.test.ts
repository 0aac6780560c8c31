import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileDisk, nodeXml } from '../fixtures/libvirt-domains.js';
import { Workplace } from './command.js';
import { rawImage } from './sample-images.js';

let workplace: Workplace;
let uri: string;

beforeAll(async () => {
  workplace = await Workplace.make();
  await workplace.write('a.img', rawImage(1, 2, 3, 4));
  await workplace.write('b.img', rawImage(1, 2, 3, 5));
  await workplace.write('c.img', rawImage(1, 2, 6, 5));
  const disk = (target: string, name: string) => fileDisk(target, workplace.path(name), 'raw');
  const xml = nodeXml(
    { name: 'db', devices: disk('vda', 'a.img') },
    { name: 'web', devices: disk('vda', 'b.img') + disk('vdb', 'c.img') },
    { name: 'up', devices: disk('vda', 'c.img'), state: 'running' },
  );
  await workplace.write('node.xml', xml);
  uri = `test://${workplace.path('node.xml')}`;
});

afterAll(() => workplace.remove());

const namesIn = (stdout: string) => JSON.parse(stdout).images.map(({ name }: { name: string }) => name);

describe("the disks of libvirt's domains", () => {
  test('are named by --domain, beside files', async () => {
    await workplace.write('file.raw', rawImage(1, 2, 3, 4));
    const words = ['-O', 'json', '-d', 'web', 'file.raw', '-d', 'db', '-c', uri];
    const { code, stdout, stderr } = await workplace.run(...words);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(namesIn(stdout)).toEqual(['web:vda', 'web:vdb', 'file.raw', 'db:vda']);
    expect(JSON.parse(stdout).distances).toEqual([1, 1, 1, 2, 2, 0]);
  });

  test('of a domain that runs are left out, and the others are compared', async () => {
    const { code, stdout, stderr } = await workplace.run(
      '-O',
      'json',
      '-d',
      'up',
      '-d',
      'db',
      '-d',
      'web:vda',
      `-c${uri}`,
    );
    expect(code).toBe(3);
    expect(namesIn(stdout)).toEqual(['db:vda', 'web:vda']);
    expect(stderr).toMatch(/error: .*c\.img: domain up is running; shut it down, or pass --allow-in-use to read/);
    const allowed = await workplace.run('-O', 'json', '-d', 'up', '-d', 'db', '--allow-in-use', '-c', uri);
    expect(allowed.code).toBe(0);
    expect(namesIn(allowed.stdout)).toEqual(['up:vda', 'db:vda']);
  });

  test('of a domain that runs are the only failure if nothing else is named', async () => {
    const { code, stdout, stderr } = await workplace.run('-d', 'up', '-c', uri);
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toMatch(/^virt-similarity: error: .*c\.img: domain up is running; .*\n$/);
  });

  test('of all domains are named by --all-domains', async () => {
    const { code, stdout, stderr } = await workplace.run(
      '-O',
      'json',
      '--all-domains',
      '--connect',
      uri,
      '--allow-in-use',
    );
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('left out: 1 × the same disk as up:vda'),
    });
    expect(namesIn(stdout)).toEqual(['db:vda', 'up:vda', 'web:vda']);
  });

  test.each([
    [['-d', '', 'a.img'], /--domain: expected a name, found nothing$/],
    [['-d', 'web', '-c', 'qemu+ssh://host/system'], /they are files of host; run virt-similarity hash there/],
  ])('are not listed if the words are invalid: %j', async (words, message) => {
    const { code, stderr } = await workplace.run(...words);
    expect({ code, stderr: stderr.trim() }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });

  test('are among what doctor reports as working', async () => {
    expect((await workplace.run('doctor')).stdout).toMatch(/^libvirt +yes +the disks of libvirt's domains$/m);
  });
});
