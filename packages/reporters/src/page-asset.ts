import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The content of a script or style element of the HTML page. */
export interface PageAsset {
  readonly text: string;
  /** The source expression that allows it in a Content-Security-Policy: `sha256-…`. */
  readonly source: string;
}

/** Reads a file of the HTML page from `page/`, which is beside the compiled modules and beside the bundle. */
export function pageAsset(name: 'report.css' | 'report.js'): PageAsset {
  const text = readFileSync(new URL(`../page/${name}`, import.meta.url), 'utf8');
  return { text, source: `sha256-${createHash('sha256').update(text).digest('base64')}` };
}
