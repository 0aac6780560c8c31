import type { AnalyzedImage, OptionDeclarations, OptionValues } from '@virt-similarity/core';
import { terminalText } from '@virt-similarity/core/reporting';
import anyAscii from 'any-ascii';

/** The longest label: MrBayes reads 99 characters, and ape 5.7 crashes on labels of 512 bytes or more. */
const LONGEST_LABEL = 99;
/** Enough for at least one character and a numeric suffix. */
const SHORTEST_LABEL = 8;

/** The options of reporters that write safe labels. */
export const LABEL_OPTIONS = {
  'label-length': {
    type: 'number',
    whole: true,
    placeholder: 'n',
    min: SHORTEST_LABEL,
    max: LONGEST_LABEL,
    default: LONGEST_LABEL,
    description: 'tree formats: maximum length of a safe label; many PHYLIP programs read only 10 to 20 characters',
  },
} as const satisfies OptionDeclarations;

/**
 * Names of letters, digits, dots and hyphens, with at least one letter or digit. None begins or ends with a hyphen. At
 * the beginning, a hyphen could start an option or a formula.
 */
const SAFE_NAME = /^(?!-)(?=.*[A-Za-z0-9])[A-Za-z0-9.-]+(?<!-)$/;
/**
 * Labels that readers interpret as numbers (NCL interprets a number as the taxon with that number), or as missing or
 * logical values in the table of names (pandas, R).
 */
const VALUE = /^([-.]*\d[\d.]*(e-?\d+)?|0x[\da-f]+|-?inf(inity)?|-?nan|n\.?a\.?|null|none|true|false|t|f)$/i;

/**
 * Returns labels of ASCII letters, digits, dots and hyphens, which every Newick reader reads unchanged. Letters of
 * other scripts are transliterated.
 *
 * A safe name that is not too long is used as its image's label, unless another name differs from it only in case.
 * Every other label differs from the labels and names of all other images, even if case is ignored, as in DendroPy. A
 * number is appended where necessary.
 */
export function safeLabels(images: readonly AnalyzedImage[], options: OptionValues = {}): string[] {
  const longest = Number(options['label-length'] ?? LONGEST_LABEL);
  const owners = new Map<string, number>();
  for (const { name } of images) {
    owners.set(caseFolded(name), (owners.get(caseFolded(name)) ?? 0) + 1);
  }
  const taken = new Set(owners.keys());
  const lastSuffix = new Map<string, number>();
  return images.map(({ name }, index) => {
    if (isSafe(name) && name.length <= longest && owners.get(caseFolded(name)) === 1) {
      return name;
    }
    const stem = safeStem(name, index + 1, longest);
    const key = caseFolded(stem);
    let label = stem;
    for (let suffix = lastSuffix.get(key) ?? 2; taken.has(caseFolded(label)); suffix++) {
      label = `${stem.slice(0, longest - String(suffix).length - 1)}-${suffix}`;
      lastSuffix.set(key, suffix + 1);
    }
    taken.add(caseFolded(label));
    return label;
  });
}

/** Returns labels that follow the Newick specification strictly: names in single quotes unless they are safe. */
export function quotedLabels(images: readonly AnalyzedImage[]): string[] {
  return images.map(({ name }) => (isSafe(name) ? name : quoted(name)));
}

/** Returns a text in single quotes, with unprintable characters escaped. */
export function quoted(text: string): string {
  return `'${terminalText(text).replaceAll("'", "''")}'`;
}

function isSafe(name: string): boolean {
  return SAFE_NAME.test(name) && !VALUE.test(name);
}

/**
 * Folds case: texts that differ only in case become equal, including texts of which only the upper-case forms are equal
 * (`ſ` and `s`).
 */
function caseFolded(text: string): string {
  return text.toUpperCase().toLowerCase();
}

/** Returns a safe label made from a name, or from the image's number if no letter or digit of the name remains. */
function safeStem(name: string, number: number, longest: number): string {
  const ascii = trimmed(
    anyAscii(name)
      .replace(/[^A-Za-z0-9.-]+/g, '-')
      .slice(0, longest),
  );
  if (!/[A-Za-z0-9]/.test(ascii)) {
    return `image-${number}`;
  }
  return VALUE.test(ascii) ? trimmed(`image-${ascii}`.slice(0, longest)) : ascii;
}

function trimmed(text: string): string {
  return text.replace(/^-+|-+$/g, '');
}
