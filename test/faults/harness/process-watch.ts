import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessEntry, peakMemory, processEntry, processTable, readProcessFile } from './process-table.js';

const LOOKED_EVERY_MS = 50;

/**
 * Keeps an eye on a process and on all that comes of it, also on what a double fork takes out of the family: that is
 * known by a word in its environment.
 */
export class ProcessWatch {
  readonly #root: number;
  readonly #marker: string;
  readonly #known = new Map<string, ProcessEntry>();
  readonly #timer: NodeJS.Timeout;
  /** Clock ticks at which the process started: what is older is not of its family. */
  readonly #since: number;
  #peak = 0;

  constructor(root: number, marker: string) {
    this.#root = root;
    this.#marker = marker;
    this.#since = Number(processEntry(root)?.started ?? 0);
    this.#timer = setInterval(() => this.#look(), LOOKED_EVERY_MS);
    this.#look();
  }

  /** The most memory that the process itself has had, in bytes. */
  get peakMemory(): number {
    return this.#peak;
  }

  /** Command lines and environments of the family that runs now. */
  texts(): string[] {
    this.#look();
    return this.#alive().flatMap(({ id }) => [readProcessFile(id, 'cmdline'), readProcessFile(id, 'environ')]);
  }

  /** Sends a signal to the descendants whose command line passes the test; gives how many there were. */
  signal(signal: NodeJS.Signals, test: (commandLine: string) => boolean): number {
    this.#look();
    const chosen = this.#alive().filter(({ id }) => id !== this.#root && test(readProcessFile(id, 'cmdline')));
    for (const { id } of chosen) {
      sendSignal(id, signal);
    }
    return chosen.length;
  }

  /** Ends the watch: what of the family is left after so long, by command line; it is then killed. */
  async survivorsAfter(milliseconds: number): Promise<string[]> {
    clearInterval(this.#timer);
    const deadline = performance.now() + milliseconds;
    for (;;) {
      this.#look();
      const alive = this.#alive();
      if (alive.length === 0) {
        return [];
      }
      if (performance.now() > deadline) {
        const survivors = alive.map(({ id }) => `${id} ${readProcessFile(id, 'cmdline').replaceAll('\0', ' ').trim()}`);
        this.killAll();
        return survivors;
      }
      await delay(LOOKED_EVERY_MS);
    }
  }

  killAll(): void {
    for (const { id } of this.#alive()) {
      sendSignal(id, 'SIGKILL');
    }
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, peakMemory(this.#root));
    const table = processTable();
    const family = new Set(this.#alive().map(({ id }) => id));
    const strangers = table.filter((entry) => Number(entry.started) >= this.#since && !this.#known.has(keyOf(entry)));
    for (let grown = true; grown; ) {
      grown = false;
      for (const entry of strangers.filter(({ id }) => !family.has(id))) {
        if (entry.id !== this.#root && !family.has(entry.parent) && !this.#isMarked(entry)) {
          continue;
        }
        this.#known.set(keyOf(entry), entry);
        family.add(entry.id);
        grown = true;
      }
    }
  }

  #isMarked({ id }: ProcessEntry): boolean {
    return readProcessFile(id, 'environ').includes(this.#marker);
  }

  #alive(): ProcessEntry[] {
    return [...this.#known.values()].filter((known) => {
      const now = processEntry(known.id);
      return now !== undefined && keyOf(now) === keyOf(known) && !now.isZombie;
    });
  }
}

function keyOf({ id, started }: ProcessEntry): string {
  return `${id} ${started}`;
}

function sendSignal(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch {
    // Gone meanwhile, perhaps with another that was signalled before.
  }
}
