import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The content of a script or style element of the HTML page. */
export interface PageAsset {
  readonly text: string;
  /** The source expression that allows it in a Content-Security-Policy: `sha256-…`. */
  readonly source: string;
}

/**
 * The files of the page's script, in the order in which they are joined. At load time, each file uses only its own
 * constants and those of earlier files.
 */
const SCRIPT = ['data', 'state', 'texts', 'clusters', 'map', 'annotations', 'pair', 'table', 'main'];

/** Returns the script of the page. */
export function pageScript(): PageAsset {
  return asset(SCRIPT.map((name) => `${name}.js`));
}

/** Returns the style of the page. */
export function pageStyle(): PageAsset {
  return asset(['report.css']);
}

/** Reads files from `page/`, which is beside the compiled modules and beside the bundle. */
function asset(names: readonly string[]): PageAsset {
  const texts = names.map((name) => readFileSync(new URL(`../page/${name}`, import.meta.url), 'utf8'));
  const text = texts.join('\n');
  return { text, source: `sha256-${createHash('sha256').update(text).digest('base64')}` };
}
