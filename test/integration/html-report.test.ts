/// <reference lib="dom" />
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Analysis, hashVectorOf, VirtSimilarityError } from '@virt-similarity/core';
import { ClustersReporter, HtmlReporter } from '@virt-similarity/reporters';
import { HOSTILE_NAMES, reportText, sampleAnalysis, sampleCaterpillar } from '@virt-similarity/testing';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { FAMILY } from '../fixtures/analysis.js';

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 800 };

let browser: Browser;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'html-report-'));
  // Chromium's own sandbox needs user namespaces, which containers often forbid.
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});

afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});

/**
 * A report that is open in the browser. `problems` lists console messages, errors, and requests for anything but the
 * report and its blobs. The list must be empty.
 */
interface OpenReport extends AsyncDisposable {
  readonly page: Page;
  readonly problems: string[];
  readonly address: string;
}

async function opened(analysis: Analysis, { viewport = WIDE, hash = '', options = {} } = {}): Promise<OpenReport> {
  const file = join(directory, 'report.html');
  writeFileSync(file, await reportText(new HtmlReporter().report(analysis, options)));
  const address = pathToFileURL(file).href;
  const page = await browser.newPage({ viewport });
  const problems: string[] = [];
  page.on('console', (message) => problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith('blob:')) {
      problems.push(request.url());
    }
  });
  await page.goto(address + hash);
  return { page, problems, address, [Symbol.asyncDispose]: () => page.close() };
}

function vectorOf(name: string, contents: readonly number[]) {
  const blocks = Uint32Array.from(contents.flatMap((content, block) => (content === 0 ? [] : [block])));
  const digests = Uint8Array.from([...blocks].flatMap((block) => new Array<number>(32).fill(contents[block]!)));
  const header = {
    name,
    algorithm: 'sha256',
    digestLength: 32,
    blockSize: 65_536,
    virtualSize: contents.length * 65_536,
  };
  return hashVectorOf(header, blocks, digests);
}

/**
 * Two images of four blocks: the first block is equal, the second differs, the third is zero in both, and the fourth is
 * zero in the second image.
 */
function withVectors(): Analysis {
  const vectors = [vectorOf('a', [1, 2, 0, 3]), vectorOf('b', [1, 4, 0, 0])];
  const analysis = sampleAnalysis(['a', 'b'], [[0, 1, 2]]);
  const images = analysis.images.map((image, index) => ({
    ...image,
    virtualSize: 4 * 65_536,
    vector: vectors[index]!,
  }));
  return { ...analysis, images };
}

describe('the HTML report', () => {
  test.each([
    ['wide', WIDE],
    ['narrow', NARROW],
  ])('draws a family in a %s window, without an error or a request', async (_, viewport) => {
    await using report = await opened(FAMILY, { viewport });
    const { page, problems } = report;
    expect(await page.title()).toBe('Family of 8 images');
    expect(await page.locator('#rows tr:not(.spacer)').count()).toBe(8);
    const colors = await page.evaluate(() => {
      const canvas = document.getElementById('map') as HTMLCanvasElement;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    });
    expect(colors).toBeGreaterThan(10);
    const widest = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(widest).toBeLessThanOrEqual(viewport.width);
    expect(problems).toEqual([]);
  });

  test('cuts the tree with the slider, the keyboard and the field', async () => {
    await using report = await opened(FAMILY);
    const { page } = report;
    expect(await page.locator('#count').textContent()).toBe('2 clusters');
    await page.locator('#slider').focus();
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('#count').textContent()).toBe('3 clusters');
    expect(await page.locator('#slider').getAttribute('aria-valuetext')).toBe('distance 2048, 3 clusters');
    await page.locator('#cut').fill('17');
    expect(await page.locator('#count').textContent()).toBe('5 clusters');
    await page.locator('#slider').fill('6');
    expect(await page.locator('#count').textContent()).toBe('1 cluster');
  });

  test('finds, sorts and chooses images', async () => {
    await using report = await opened(FAMILY);
    const { page } = report;
    const names = () => page.locator('#rows button').allTextContents();
    await page.getByRole('button', { name: 'Distance' }).click();
    await page.getByRole('button', { name: 'Distance' }).click();
    expect((await names())[0]).toBe('other.raw');
    await page.getByLabel('Search names, paths and annotations').fill('WEB');
    await expect(names()).resolves.toEqual(expect.arrayContaining(['web-1.qcow2', 'web-2.qcow2']));
    expect(await page.locator('#found').textContent()).toBe('2 of 8 images');
    await page.getByRole('button', { name: 'web-1.qcow2' }).click();
    await page.getByRole('button', { name: 'web-2.qcow2' }).click();
    expect(await page.locator('#pair').textContent()).toMatch(/^web-1.qcow2 and web-2.qcow2: distance 17 blocks/);
    await page.locator('#unit').selectOption('bytes');
    await page.waitForFunction(() => document.getElementById('pair')!.textContent.includes('1.1 MiB'));
  });

  test('shows which distances the colours mean, in the chosen unit', async () => {
    await using report = await opened(sampleAnalysis(['a', 'b'], [[0, 1, 64]]));
    const { page } = report;
    const shown = async () => (await page.locator('.scale').textContent())!.replaceAll(/\s+/g, ' ');
    expect(await shown()).toBe('Distances in the map: 0 16 64 blocks');
    await page.locator('#unit').selectOption('bytes');
    expect(await shown()).toBe('Distances in the map: 0 B 1.0 MiB 4.0 MiB');
  });

  test('marks images of which ciphertext was compared', async () => {
    const plain = sampleAnalysis(['a', 'b'], [[0, 1, 64]]);
    const images = plain.images.map((image, index) => ({
      ...image,
      ...(index === 0 && { encryption: 'ciphertext' as const }),
    }));
    await using report = await opened({ ...plain, images });
    const { page } = report;
    expect(await page.locator('#legend').textContent()).toContain('a (ciphertext)');
    expect(await page.locator('#pair').textContent()).toMatch(/^a \(ciphertext\) and b: /);
    expect(await page.getByRole('columnheader', { name: 'Encryption' }).count()).toBe(1);
    await using without = await opened(plain);
    expect(await without.page.getByRole('columnheader', { name: 'Encryption' }).count()).toBe(0);
  });

  test('keeps the cut, and the pair that was chosen with the keyboard, in the address', async () => {
    await using report = await opened(FAMILY);
    const { page, address } = report;
    await page.locator('#map').focus();
    for (const key of ['ArrowDown', 'ArrowRight', '+', '+', '-', 'Home']) {
      await page.keyboard.press(key);
    }
    await page.locator('#cut').fill('213');
    const hash = '#cut=213&pair=web-1.qcow2&pair=web-2.qcow2';
    await page.waitForURL(address + hash);
    await using again = await opened(FAMILY, { hash });
    expect(await again.page.locator('#count').textContent()).toBe('4 clusters');
    expect(await again.page.locator('#pair').textContent()).toMatch(/^web-1.qcow2 and web-2.qcow2/);
  });

  test('shows where the disks of a pair are equal', async () => {
    await using report = await opened(withVectors());
    const { page, problems } = report;
    expect(await page.locator('#sections').textContent()).toBe(
      'Of 4 sections of the disk, 1 are equal, 2 differ somewhere, 1 are zero in both.',
    );
    expect(problems).toEqual([]);
  });

  test('shows annotations as coloured bars and as columns that can be sorted, filtered and searched', async () => {
    const hosts = ['north', 'south', 'north', 'south', '<img src=x onerror=alert(1)>', '', 'north', 'é'];
    const annotations = [
      { name: 'host', values: hosts },
      { name: '</script><b>', values: hosts.map((_, image) => `owner ${image}`) },
    ];
    await using report = await opened({ ...FAMILY, annotations });
    const { page, problems } = report;
    const names = () => page.locator('#rows button').allTextContents();
    await page.getByLabel('Filter by host').selectOption('south');
    expect(await page.locator('#found').textContent()).toBe('2 of 8 images');
    await page.waitForFunction(() => document.querySelectorAll('#rows button').length === 2);
    expect((await names()).toSorted()).toEqual(['db (test).vmdk', 'web-1.qcow2']);
    await page.getByLabel('Filter by host').selectOption('');
    await page.getByRole('button', { name: 'host' }).click();
    await page.waitForFunction(() => document.querySelector('#rows button')?.textContent === 'twin-a.img');
    await page.getByLabel('Search names, paths and annotations').fill('OWNER 3');
    expect(await page.locator('#found').textContent()).toBe('1 of 8 images');
    expect(await page.locator('#bars ul').first().textContent()).toBe('host:northsouth<img src=x onerror=alert(1)>é');
    expect(await page.locator('#bars ul').last().locator('li').last().textContent()).toBe('1 more');
    const colors = await page.evaluate(() => {
      const canvas = document.getElementById('map') as HTMLCanvasElement;
      const scale = window.devicePixelRatio;
      const width = canvas.getBoundingClientRect().width;
      const x = Math.round((width * 0.48 - 2 * 9 + 4) * scale);
      const { data } = canvas.getContext('2d')!.getImageData(x, 0, 1, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    });
    // Four values and the background.
    expect(colors).toBe(5);
    expect(await page.locator('img').count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test('shows the clusters of clusters.csv, also if equal distances are split', async () => {
    const tied = sampleAnalysis(
      ['d', 'b', 'c', 'a'],
      [
        [1, 2, 5],
        [0, 4, 5],
        [3, 5, 5],
      ],
    );
    const options = { clusters: 3 };
    const lines = (await reportText(new ClustersReporter().report(tied, options))).trimEnd().split('\n').slice(1);
    const expected = new Map(lines.map((line) => [line.split(',')[0], line.split(',')[2]]));
    await using report = await opened(tied, { options });
    const rows = await report.page.locator('#rows tr:not(.spacer)').all();
    const shown = await Promise.all(rows.map((row) => row.locator('td').allTextContents()));
    expect(new Map(shown.map(([name, cluster]) => [name, cluster]))).toEqual(expected);
    expect(await report.page.locator('#count').textContent()).toBe('3 clusters');
  });

  test('shows hostile names and failures as text', async () => {
    const error = new VirtSimilarityError('corrupt', '<img src=x onerror=alert(1)> ends early');
    const failures = [{ path: '"><script>alert(1)</script>', error }];
    const names = [...HOSTILE_NAMES, '</script><script>alert(1)</script>', '<img src=x onerror=alert(1)>', '__proto__'];
    await using report = await opened(sampleCaterpillar(names, { failures }));
    const { page, problems } = report;
    expect(await page.title()).toBe(`Family of ${names.length} images`);
    expect(await page.locator('script').count()).toBe(2);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('li b').textContent()).toBe('"><script>alert(1)</script>');
    expect(problems).toEqual([]);
  });

  test.each([
    ['names', FAMILY, ['image,path,cluster,nearest,distance', 'base.qcow2,/images/base.qcow2,1,web-1.qcow2,213']],
    [
      'names that spreadsheets would interpret',
      sampleAnalysis(['=a;"b"', 'c,-d'], [[0, 1, 4]]),
      [
        'image,path,cluster,nearest,distance',
        '\\x3da\\x3b\\x22b\\x22,/images/=a\\x3b\\x22b\\x22,1,"c,-d",4',
        '"c,-d","/images/c,-d",2,\\x3da\\x3b\\x22b\\x22,4',
      ],
    ],
  ])('saves the clusters as CSV, with %s', async (_, analysis, expected) => {
    await using report = await opened(analysis);
    const [download] = await Promise.all([
      report.page.waitForEvent('download'),
      report.page.getByRole('button', { name: 'Save clusters as CSV' }).click(),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) {
      chunks.push(chunk as Buffer);
    }
    const lines = Buffer.concat(chunks).toString().split('\r\n');
    expect(lines).toHaveLength(analysis.images.length + 2);
    expect(lines.slice(0, expected.length)).toEqual(expected);
  });

  test.each(['light', 'dark'] as const)(
    'has no violation that axe-core finds, with the %s colours',
    async (colorScheme) => {
      const file = join(directory, 'accessible.html');
      const annotatedPair = { ...withVectors(), annotations: [{ name: 'host', values: ['north', 'south'] }] };
      writeFileSync(file, await reportText(new HtmlReporter().report(annotatedPair, {})));
      // The report's content security policy forbids running axe-core.
      const context = await browser.newContext({ bypassCSP: true, colorScheme });
      const page = await context.newPage();
      await page.goto(pathToFileURL(file).href);
      await page.evaluate(axe.source);
      const found = await page.evaluate(
        'axe.run().then(({ violations, passes }) => [violations.map(({ id }) => id), passes.length])',
      );
      expect(found).toEqual([[], expect.any(Number)]);
      expect((found as [string[], number])[1]).toBeGreaterThan(20);
      await context.close();
    },
  );

  test('draws 1,000 images without an element for each cell', async () => {
    const names = Array.from({ length: 1000 }, (_, image) => `guest-${image}.qcow2`);
    await using report = await opened(sampleCaterpillar(names));
    const { page, problems } = report;
    expect(await page.locator('*').count()).toBeLessThan(2000);
    await page.locator('#slider').fill('500');
    expect(await page.locator('#count').textContent()).toBe('500 clusters');
    expect(problems).toEqual([]);
  });
});
