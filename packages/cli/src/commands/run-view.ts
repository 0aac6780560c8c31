import { pathToFileURL } from 'node:url';
import { type ReportPieces, writeFileAtomically } from '@virt-similarity/core';
import { openInBrowser } from '../output/open-in-browser.js';
import { makePrivateDirectory, removeDirectory } from '../output/private-directory.js';
import { runAnalyze } from './run-analyze.js';
import type { ViewContext } from './view.js';

/** The permissions of the page: for its owner only. */
const PRIVATE = 0o600;

/**
 * Analyses the images as `analyze` does, but writes the HTML report to a new private directory and prints the path of
 * the page. If the option `open` is set and there is a desktop, opens the page. If there is no report, removes the
 * directory.
 */
export async function runView(context: ViewContext): Promise<number> {
  const { messages, options, signal } = context;
  const directory = await makePrivateDirectory();
  const page = `${directory}/virt-similarity.html`;
  let isWritten = false;
  try {
    const exitCode = await runAnalyze({
      ...context,
      options: { ...options, 'output-format': 'html' },
      write: async (report) => {
        await writeFileAtomically(page, bytesOf(report), { mode: PRIVATE, signal });
        isWritten = true;
      },
    });
    if (isWritten) {
      await context.write(`${page}\n`);
      if (options.open) {
        await openInBrowser(pathToFileURL(page).href, process.env, (note) => messages.note(note));
      }
    }
    return exitCode;
  } finally {
    if (!isWritten) {
      await removeDirectory(directory);
    }
  }
}

async function* bytesOf(report: string | ReportPieces): AsyncGenerator<string | Uint8Array> {
  if (typeof report === 'string') {
    yield report;
  } else {
    yield* report;
  }
}
