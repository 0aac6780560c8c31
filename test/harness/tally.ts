/** Counts what happened and what was wrong, and prints a line for each fault. */
export class Tally<Fault extends string> {
  readonly #kinds: readonly Fault[];
  readonly #faults = new Map<Fault, number>();
  readonly #events = new Map<string, number>();

  /** @param kinds the faults that the totals name, in their order */
  constructor(kinds: readonly Fault[]) {
    this.#kinds = kinds;
  }

  /** Counts something that may happen, to show that the run did reach it. */
  count(event: string, times = 1): void {
    this.#events.set(event, this.counted(event) + times);
  }

  /** How often something was counted. */
  counted(event: string): number {
    return this.#events.get(event) ?? 0;
  }

  /** @param where such as `kill 17` */
  fault(kind: Fault, where: string, description: string): void {
    this.#faults.set(kind, this.found(kind) + 1);
    console.log(`${where}: ${kind}: ${description}`);
  }

  found(kind: Fault): number {
    return this.#faults.get(kind) ?? 0;
  }

  /** Adds what another tally counted. */
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

  /** Columns of so many characters, and whether all is right or which faults there were. */
  row(columns: readonly (readonly [text: string, width: number])[]): string {
    const found = [...this.#faults.keys()];
    const verdict = this.isClean ? 'ok' : `FAIL: ${this.#counts(found)}`;
    return [...columns.map(([text, width]) => text.padEnd(width)), verdict].join('  ');
  }

  /** Every event that was counted, in the order in which they came. */
  events(): string {
    return this.#textOf([...this.#events.keys()]);
  }

  /** The counts of these events and of every kind of fault. */
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
