import type { StoredFile } from './stored-ranges.js';

/** Space that exactly these files occupy. */
export interface SpaceOfFiles {
  /** The indices of the files, ascending. */
  readonly files: readonly number[];
  readonly bytes: number;
  /** Whether a file that is not listed occupies it too; `unknown` if only some listed file must share it. */
  readonly others: Others;
}

type Others = 'yes' | 'no' | 'unknown';

/** The bytes that deleting files frees: both are equal unless files that are not listed might share storage. */
export interface FreedBytes {
  readonly atLeast: number;
  readonly atMost: number;
}

/** Divides the space of files into parts that are occupied by the same files. */
export function spaceOfFiles(files: readonly Pick<StoredFile, 'volume' | 'ranges'>[]): SpaceOfFiles[] {
  const parts = new Map<string, { files: number[]; bytes: number; others: Others }>();
  for (const volume of new Set(files.map((file) => file.volume))) {
    const edges = files.flatMap((stored, file) => (stored.volume === volume ? edgesOf(stored, file) : []));
    edges.sort((one, other) => one.at - other.at);
    /** The ranges that include the current place, by file. */
    const active = new Map<number, ActiveRanges>();
    let from = 0;
    for (const { at, file, isShared, change } of edges) {
      if (at > from && active.size > 0) {
        add(parts, active, at - from);
      }
      from = at;
      const known = active.get(file) ?? { ranges: 0, shared: 0, unknown: 0 };
      const now = {
        ranges: known.ranges + change,
        shared: known.shared + (isShared === true ? change : 0),
        unknown: known.unknown + (isShared === undefined ? change : 0),
      };
      if (now.ranges === 0) {
        active.delete(file);
      } else {
        active.set(file, now);
      }
    }
  }
  return [...parts.values()];
}

/** The number of a file's ranges that include a place, how many of them are shared, and for how many this is unknown. */
interface ActiveRanges {
  readonly ranges: number;
  readonly shared: number;
  readonly unknown: number;
}

/** A file system shows whether a range is shared, but not by how many ranges. */
function othersOf(active: readonly ActiveRanges[]): Others {
  const sum = (name: keyof ActiveRanges) => active.reduce((total, each) => total + each[name], 0);
  if (sum('unknown') > 0) {
    return 'unknown';
  }
  return sum('shared') === 0 ? 'no' : sum('ranges') === 1 ? 'yes' : 'unknown';
}

/** A place at which a range of a file starts (`change` 1) or ends (−1). */
interface Edge {
  readonly at: number;
  readonly file: number;
  readonly isShared: boolean | undefined;
  readonly change: 1 | -1;
}

function edgesOf({ ranges }: Pick<StoredFile, 'ranges'>, file: number): Edge[] {
  return ranges.flatMap(({ start, end, isShared }): Edge[] => [
    { at: start, file, isShared, change: 1 },
    { at: end, file, isShared, change: -1 },
  ]);
}

function add(
  parts: Map<string, { files: number[]; bytes: number; others: Others }>,
  active: ReadonlyMap<number, ActiveRanges>,
  bytes: number,
): void {
  const files = [...active.keys()].toSorted((one, other) => one - other);
  const others = othersOf([...active.values()]);
  const key = `${files.join()} ${others}`;
  const known = parts.get(key);
  if (known === undefined) {
    parts.set(key, { files, bytes, others });
  } else {
    known.bytes += bytes;
  }
}

/** Returns the bytes that deleting some files frees. */
export function freedBytes(space: readonly SpaceOfFiles[], deleted: ReadonlySet<number>): FreedBytes {
  const freed = { atLeast: 0, atMost: 0 };
  for (const { files, bytes, others } of space) {
    if (others !== 'yes' && files.every((file) => deleted.has(file))) {
      freed.atMost += bytes;
      freed.atLeast += others === 'no' ? bytes : 0;
    }
  }
  return freed;
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
