import { readFile } from 'node:fs/promises';

/** What Node.js makes of bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';

/**
 * The words of the command line without loss: where Node.js could not decode one, the kernel still has its bytes, and
 * its text is that of a path (see `pathText`). They stay as they are where there is no /proc to look into.
 *
 * @param words the last ones of the command line
 */
export async function wordsAsGiven(words: readonly string[]): Promise<readonly string[]> {
  if (!words.some((word) => word.includes(REPLACEMENT))) {
    return words;
  }
  const given = splitAtNul(await readFile('/proc/self/cmdline').catch(() => Buffer.alloc(0))).slice(-words.length);
  // Loaded here, as it takes long and hardly anybody needs it.
  const { pathText } = await import('@virt-similarity/core');
  return words.map((word, index) => {
    const bytes = given[index];
    return bytes?.toString() === word ? pathText(bytes) : word;
  });
}

/** Each of the strings ends in a NUL. */
function splitAtNul(bytes: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let start = 0, end = bytes.indexOf(0); end !== -1; start = end + 1, end = bytes.indexOf(0, start)) {
    strings.push(bytes.subarray(start, end));
  }
  return strings;
}
