/**
 * Takes the pictures of README.md and docs/ from a run of the demo: `npm run docs:screenshots`. Needs Debian's package
 * chromium.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const TARGET = 'docs/images';
const REPORT = pathToFileURL('demo/report.html').href;

const VIEW = '#cut=60&pair=golden.raw&pair=database.qcow2';
const viewport = { width: 1280, height: 930 };

/** The pictures by name: the window, or the page from the top of one element to the bottom of another. */
const PICTURES = {
  report: {},
  pair: { from: '#pair', to: '#sections + .legend' },
};

function run(program, ...words) {
  const { status } = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) {
    throw new Error(`${program} ${words.join(' ')} failed with exit code ${status}`);
  }
}

mkdirSync(TARGET, { recursive: true });
run(process.execPath, 'scripts/demo.mjs');
// Chromium's own sandbox needs user namespaces, which containers often forbid.
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  for (const [name, { from, to }] of Object.entries(PICTURES)) {
    const page = await browser.newPage({ viewport });
    await page.goto(REPORT + VIEW);
    const path = join(TARGET, `${name}.png`);
    if (from === undefined) {
      await page.screenshot({ path });
    } else {
      const [top, bottom] = await Promise.all([from, to].map((selector) => page.locator(selector).boundingBox()));
      const clip = { x: 0, y: top.y - 8, width: viewport.width, height: bottom.y + bottom.height - top.y + 16 };
      await page.screenshot({ path, clip, fullPage: true });
    }
    await page.close();
  }
} finally {
  await browser.close();
}
console.log(
  `wrote ${Object.keys(PICTURES)
    .map((name) => join(TARGET, `${name}.png`))
    .join(' and ')}`,
);
