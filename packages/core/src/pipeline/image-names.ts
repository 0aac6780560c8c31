import { basename, sep } from 'node:path';

/** A property of images, by their paths; `undefined` for images without it. */
type ByPath = ReadonlyMap<string, string | undefined>;

/**
 * Returns the images' names for reports, in the order of the paths: the label of each image that has one, and a unique
 * name for each other image.
 *
 * @param recorded for hash-vector files, the paths of their images when they were hashed. A file is named after its
 *   image, unless another image has the same path or recorded path.
 * @param archives the archives, by the paths of the images in them
 */
export function namesOf(
  paths: readonly string[],
  labels: ByPath,
  recorded: ReadonlyMap<string, string> = new Map(),
  archives: ByPath = new Map(),
): string[] {
  const names = uniqueNames(originsOf(paths, recorded), archives);
  const given = paths.map((path) => labels.get(path));
  const taken = new Set<string | undefined>([...given, ...names]);
  return names.map((name, index) => {
    const label = given[index];
    if (label !== undefined || !given.includes(name)) {
      return label ?? name;
    }
    const path = paths[index]!;
    let unique = path;
    for (let number = 2; taken.has(unique); number++) {
      unique = `${path} (${number})`;
    }
    taken.add(unique);
    return unique;
  });
}

/**
 * Returns the path of each image; for a hash-vector file, the recorded path if that path ends in a name and no other
 * image has it as its path or recorded path.
 */
function originsOf(paths: readonly string[], recorded: ReadonlyMap<string, string>): string[] {
  const origins = paths.map((path) => recorded.get(path) ?? path);
  const repeated = repeatedIn([...origins, ...paths.filter((path) => recorded.has(path))]);
  return origins.map((origin, index) => (repeated.has(origin) || basename(origin) === '' ? paths[index]! : origin));
}

/**
 * Returns a short unique name for each path: its base name (for an image in an archive, the base name of the archive
 * and the name of the image), or as many of its last components as distinguish it from the others, or the path itself.
 * Equal paths, which should not occur, are numbered.
 */
export function uniqueNames(paths: readonly string[], archives: ByPath = new Map()): string[] {
  const parts = paths.map((path) => partsOf(path, archives.get(path)));
  const names = paths.map((path, index) => parts[index]!.at(-1) ?? path);
  for (let depth = 2; ; depth++) {
    const repeated = repeatedIn(names);
    if (repeated.size === 0) {
      return names;
    }
    let changed = false;
    for (const [index, name] of names.entries()) {
      if (!repeated.has(name)) {
        continue;
      }
      const longer = depth > parts[index]!.length ? paths[index]! : parts[index]!.slice(-depth).join('/');
      if (longer === name) {
        continue;
      }
      names[index] = longer;
      changed = true;
    }
    if (!changed) {
      return numbered(names, paths);
    }
  }
}

/** Returns the components of a path. An archive and the name of a file in it form one component. */
function partsOf(path: string, archive = path): string[] {
  const parts = archive.split(sep).filter((part) => part !== '');
  return [...parts.slice(0, -1), ...parts.slice(-1).map((last) => last + path.slice(archive.length))];
}

function repeatedIn(names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  return new Set(names.filter((name) => seen.size === seen.add(name).size));
}

/** Numbers equal names so that they are unique; the first of them is unchanged. */
function numbered(names: readonly string[], paths: readonly string[]): string[] {
  const taken = new Set([...names, ...paths]);
  const kept = new Set<string>();
  return names.map((name) => {
    if (!kept.has(name)) {
      kept.add(name);
      return name;
    }
    let unique = name;
    for (let number = 2; taken.has(unique); number++) {
      unique = `${name} (${number})`;
    }
    taken.add(unique);
    return unique;
  });
}
