/** What must not happen, and how often each did. */
export const FAULTS = [
  'losses',
  'orphans',
  'leftovers',
  'wrong results',
  'hangs',
  'changed inputs',
  'missed kills',
] as const;

export type Fault = (typeof FAULTS)[number];

/** Counts of what happened, with a line on standard error for each fault. */
export class Tally {
  readonly #faults = new Map<Fault, number>();
  readonly #events = new Map<string, number>();

  /** Counts something that is as it should be, to show that the run did reach it. */
  count(event: string): void {
    this.#events.set(event, this.counted(event) + 1);
  }

  /** How often something was counted. */
  counted(event: string): number {
    return this.#events.get(event) ?? 0;
  }

  /** @param where such as `kill 17` */
  fault(fault: Fault, where: string, description: string): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
    console.error(`${where}: ${fault}: ${description}`);
  }

  get isClean(): boolean {
    return this.#faults.size === 0;
  }

  lines(): string[] {
    const events = [...this.#events].map(([event, times]) => `${times} ${event}`);
    return [events.join(', '), FAULTS.map((fault) => `${this.#faults.get(fault) ?? 0} ${fault}`).join(', ')];
  }
}
