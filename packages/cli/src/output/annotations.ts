import { type Analysis, readSmallFile } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { type AnnotationTable, annotatedAnalysis, parseAnnotations } from '@virt-similarity/reporters';
import type { Messages } from '../terminal/messages.js';

/** The largest file in bytes. */
const LARGEST_FILE = 64 * 1024 * 1024;
/** The most lines without an image that a warning lists. */
const NAMED_LINES = 3;

/** A table of annotations and the path of its file. */
export interface AnnotationFile {
  readonly path: string;
  readonly table: AnnotationTable;
}

/**
 * Reads a file of annotations.
 *
 * @throws as `readSmallFile`; `usage` if the content is not a table of annotations in UTF-8.
 */
export async function readAnnotations(path: string): Promise<AnnotationFile> {
  const content = await readSmallFile(path, LARGEST_FILE);
  try {
    return { path, table: await parseAnnotations(new TextDecoder('utf-8', { fatal: true }).decode(content)) };
  } catch (cause) {
    const problem = cause instanceof VirtSimilarityError ? cause.message : 'expected text in UTF-8; convert it';
    throw new VirtSimilarityError('usage', `--annotate ${path}: ${problem}`, { cause });
  }
}

/**
 * Returns the analysis with the annotations added. Warns about lines that name no image.
 *
 * @throws as `annotatedAnalysis`.
 */
export function annotated(plain: Analysis, { path, table }: AnnotationFile, messages: Messages): Analysis {
  const { analysis, unknown } = annotatedAnalysis(plain, table);
  if (unknown.length > 0) {
    const named = unknown.slice(0, NAMED_LINES).join(', ');
    const more = unknown.length > NAMED_LINES ? ` and ${unknown.length - NAMED_LINES} more` : '';
    messages.warning(
      `--annotate ${path}: ${unknown.length} of ${table.rows.length} lines name no image here: ${named}${more}; ` +
        'the first column must have the names that reports show, or paths',
    );
  }
  return analysis;
}
