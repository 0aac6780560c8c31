import { readFile } from 'node:fs/promises';

/** The character with which Node.js replaces bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';

/**
 * Returns the words of the command line without loss. For a word that is not UTF-8, reads the original bytes from
 * /proc and encodes them as `pathText` does. If /proc cannot be read, returns the words unchanged.
 *
 * @param words the last words of the command line
 */
export async function wordsAsGiven(words: readonly string[]): Promise<readonly string[]> {
  if (!words.some((word) => word.includes(REPLACEMENT))) {
    return words;
  }
  const given = splitAtNul(await readFile('/proc/self/cmdline').catch(() => Buffer.alloc(0))).slice(-words.length);
  // Imported here because it loads slowly and is rarely needed.
  const { pathText } = await import('@virt-similarity/core');
  return words.map((word, index) => {
    const bytes = given[index];
    return bytes?.toString() === word ? pathText(bytes) : word;
  });
}

/** Splits a sequence of strings that each end in a NUL. */
function splitAtNul(bytes: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let start = 0, end = bytes.indexOf(0); end !== -1; start = end + 1, end = bytes.indexOf(0, start)) {
    strings.push(bytes.subarray(start, end));
  }
  return strings;
}
