/** What must not happen. */
export const KINDS = [
  /** A secret, or a block of a file that the image does not consist of, in what was written. */
  'canary leaks',
  'wrong distances',
  /** A hash vector that is not that of the files which it says it was made from. */
  'false vectors',
  /** A file that was created or replaced without being a stated output. */
  'foreign writes',
  'inputs changed',
  'leftovers',
  'orphans',
  'hangs',
  /** Another exit code than the errors of an image have, or a stack trace. */
  'unexpected ends',
  /** Fewer exchanges at a point than were asked for. */
  'missing exchanges',
] as const;

export type Kind = (typeof KINDS)[number];

/** Counts of what happened, with a line on standard error for each finding. */
export class Findings {
  readonly #findings = new Map<Kind, number>();
  readonly #events = new Map<string, number>();

  /** Counts something that may happen. */
  count(event: string, times = 1): void {
    this.#events.set(event, this.counted(event) + times);
  }

  counted(event: string): number {
    return this.#events.get(event) ?? 0;
  }

  /** @param where the point and the run, such as `cache: directory and link, auto, run 17` */
  report(kind: Kind, where: string, what: string): void {
    this.#findings.set(kind, this.found(kind) + 1);
    console.error(`${where}: ${kind}: ${what}`);
  }

  found(kind: Kind): number {
    return this.#findings.get(kind) ?? 0;
  }

  /** Adds what another tally counted. */
  add(other: Findings): void {
    for (const [event, times] of other.#events) {
      this.count(event, times);
    }
    for (const [kind, times] of other.#findings) {
      this.#findings.set(kind, this.found(kind) + times);
    }
  }

  get isClean(): boolean {
    return this.#findings.size === 0;
  }

  /** The counts of findings, those of 0 only where they are all asked for. */
  summary(which: 'all' | 'found'): string {
    const kinds = KINDS.filter((kind) => which === 'all' || this.found(kind) > 0);
    return kinds.map((kind) => `${this.found(kind)} ${kind}`).join(', ');
  }
}
