/** Counts events and faults, and prints a line for each fault. */
export class Tally<Fault extends string> {
  readonly #kinds: readonly Fault[];
  readonly #faults = new Map<Fault, number>();
  readonly #events = new Map<string, number>();

  /** @param kinds the faults that the totals name, in their order */
  constructor(kinds: readonly Fault[]) {
    this.#kinds = kinds;
  }

  /** Counts an event that is not a fault, so that the totals show how often it occurred. */
  count(event: string, times = 1): void {
    this.#events.set(event, this.counted(event) + times);
  }

  /** Returns how often an event was counted. */
  counted(event: string): number {
    return this.#events.get(event) ?? 0;
  }

  /** Counts and prints a fault. @param where the place of the fault, such as `kill 17` */
  fault(kind: Fault, where: string, description: string): void {
    this.#faults.set(kind, this.found(kind) + 1);
    console.log(`${where}: ${kind}: ${description}`);
  }

  found(kind: Fault): number {
    return this.#faults.get(kind) ?? 0;
  }

  /** Adds the counts of another tally. */
  add(other: Tally<Fault>): void {
    for (const [event, times] of other.#events) {
      this.count(event, times);
    }
    for (const [kind, times] of other.#faults) {
      this.#faults.set(kind, this.found(kind) + times);
    }
  }

  get isClean(): boolean {
    return this.#faults.size === 0;
  }

  /** Returns a row: columns of the given widths in characters, then `ok` or the faults. */
  row(columns: readonly (readonly [text: string, width: number])[]): string {
    const found = [...this.#faults.keys()];
    const verdict = this.isClean ? 'ok' : `FAIL: ${this.#counts(found)}`;
    return [...columns.map(([text, width]) => text.padEnd(width)), verdict].join('  ');
  }

  /** Returns the counts of all events, in order of first occurrence. */
  events(): string {
    return this.#textOf([...this.#events.keys()]);
  }

  /** Returns the counts of these events and of every kind of fault. */
  totals(events: readonly string[]): string {
    return [...events.map((event) => this.#textOf([event])), this.#counts(this.#kinds)].join(', ');
  }

  #textOf(events: readonly string[]): string {
    return events.map((event) => `${this.counted(event)} ${event}`).join(', ');
  }

  #counts(kinds: readonly Fault[]): string {
    return kinds.map((kind) => `${this.found(kind)} ${kind}`).join(', ');
  }
}
