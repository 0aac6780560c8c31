import { basename, sep } from 'node:path';

/**
 * A short unique name for each path: its base name, or as many of its last parts as tell it apart from the others.
 * Equal paths, which should not occur, are told apart by a number.
 */
export function uniqueNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(sep).filter((part) => part !== ''));
  const names = paths.map((path) => basename(path));
  for (let depth = 2; ; depth++) {
    const repeated = repeatedIn(names);
    if (repeated.size === 0) return names;
    let changed = false;
    for (const [index, name] of names.entries()) {
      const longer = parts[index]!.slice(-depth).join('/');
      if (!repeated.has(name) || longer === name) continue;
      names[index] = longer;
      changed = true;
    }
    if (!changed) return numbered(names);
  }
}

function repeatedIn(names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  return new Set(names.filter((name) => seen.size === seen.add(name).size));
}

function numbered(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(unique); number++) unique = `${name} (${number})`;
    taken.add(unique);
    return unique;
  });
}
