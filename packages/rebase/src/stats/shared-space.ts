import type { StoredFile } from './stored-ranges.js';

/** Space that exactly these files occupy. */
export interface SpaceOfFiles {
  /** The indices of the files, ascending. */
  readonly files: readonly number[];
  readonly bytes: number;
  /** Whether files that are not listed may occupy it too. */
  readonly hasOthers: boolean;
}

/** Divides the space of files into parts that are occupied by the same files. */
export function spaceOfFiles(files: readonly StoredFile[]): SpaceOfFiles[] {
  const parts = new Map<string, { files: number[]; bytes: number; hasOthers: boolean }>();
  for (const volume of new Set(files.map((file) => file.volume))) {
    const edges = files.flatMap((stored, file) => (stored.volume === volume ? edgesOf(stored, file) : []));
    edges.sort((one, other) => one.at - other.at);
    /** By file: how many of its ranges include the current place, and how many of these are shared. */
    const active = new Map<number, { ranges: number; shared: number }>();
    let from = 0;
    for (const { at, file, isShared, change } of edges) {
      if (at > from && active.size > 0) {
        add(parts, active, at - from);
      }
      from = at;
      const known = active.get(file) ?? { ranges: 0, shared: 0 };
      const now = { ranges: known.ranges + change, shared: known.shared + (isShared ? change : 0) };
      if (now.ranges === 0) {
        active.delete(file);
      } else {
        active.set(file, now);
      }
    }
  }
  return [...parts.values()];
}

/** A place at which a range of a file starts (`change` 1) or ends (−1). */
interface Edge {
  readonly at: number;
  readonly file: number;
  readonly isShared: boolean;
  readonly change: 1 | -1;
}

function edgesOf({ ranges }: StoredFile, file: number): Edge[] {
  return ranges.flatMap(({ start, end, isShared }): Edge[] => [
    { at: start, file, isShared, change: 1 },
    { at: end, file, isShared, change: -1 },
  ]);
}

function add(
  parts: Map<string, { files: number[]; bytes: number; hasOthers: boolean }>,
  active: ReadonlyMap<number, { readonly ranges: number; readonly shared: number }>,
  bytes: number,
): void {
  const files = [...active.keys()].toSorted((one, other) => one - other);
  // A file that shares a range with itself only cannot be told from one that shares it with a file that is not listed.
  const [first] = active.values();
  const hasOthers = files.length === 1 && first!.ranges === 1 && first!.shared > 0;
  const key = `${files.join()} ${hasOthers}`;
  const known = parts.get(key);
  if (known === undefined) {
    parts.set(key, { files, bytes, hasOthers });
  } else {
    known.bytes += bytes;
  }
}

/** Returns the bytes that deleting some files frees. */
export function freedBytes(space: readonly SpaceOfFiles[], deleted: ReadonlySet<number>): number {
  return space
    .filter(({ files, hasOthers }) => !hasOthers && files.every((file) => deleted.has(file)))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Returns the bytes of each user, in whole bytes. The bytes of a part are divided equally among the users of its files.
 * The sum is the number of bytes of all parts that have a user.
 *
 * @param usersOf returns the indices of the users of a file
 */
export function attributedBytes(
  space: readonly SpaceOfFiles[],
  users: number,
  usersOf: (file: number) => readonly number[],
): number[] {
  const attributed = new Array<number>(users).fill(0);
  for (const { files, bytes } of space) {
    const sharers = new Set(files.flatMap(usersOf));
    for (const user of sharers) {
      attributed[user]! += bytes / sharers.size;
    }
  }
  // Rounds sums, because the sum of rounded numbers can differ from the total.
  let sum = 0;
  return attributed.map((bytes) => {
    const before = Math.round(sum);
    sum += bytes;
    return Math.round(sum) - before;
  });
}
