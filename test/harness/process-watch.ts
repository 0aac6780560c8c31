import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessEntry, processEntry, processTable, readProcessFile, residentMemory } from './process-table.js';

const LOOKED_EVERY_MS = 50;

/** One look at all processes serves every watch. */
const watches = new Set<ProcessWatch>();
let timer: NodeJS.Timeout | undefined;

function lookForAll(): void {
  const table = processTable();
  for (const watch of watches) {
    watch.look(table);
  }
}

/**
 * Watches a process and its family: its descendants, its session, and every process with a marker in its environment or
 * command line, which finds what a double fork takes out of the family.
 */
export class ProcessWatch {
  readonly #root: number;
  readonly #marker: string;
  readonly #known = new Map<string, ProcessEntry>();
  /** Clock ticks at which the process started: what is older is not of its family. */
  readonly #since: number;
  #peak = 0;

  constructor(root: number, marker: string) {
    this.#root = root;
    this.#marker = marker;
    this.#since = Number(processEntry(root)?.started ?? Number.POSITIVE_INFINITY);
    this.look();
    watches.add(this);
    timer ??= setInterval(lookForAll, LOOKED_EVERY_MS);
  }

  /** The most memory that the process itself has had, in bytes. */
  get peakMemory(): number {
    return this.#peak;
  }

  /** Command lines and environments of the family that runs now. */
  texts(): string[] {
    return this.look().flatMap(({ id }) => [readProcessFile(id, 'cmdline'), readProcessFile(id, 'environ')]);
  }

  /** Sends a signal to the descendants whose command line passes the test; gives how many there were. */
  signal(signal: NodeJS.Signals, test: (commandLine: string) => boolean): number {
    const chosen = this.look().filter(({ id }) => id !== this.#root && test(readProcessFile(id, 'cmdline')));
    for (const { id } of chosen) {
      sendSignal(id, signal);
    }
    return chosen.length;
  }

  /** No longer looks by itself every few milliseconds. */
  stop(): void {
    watches.delete(this);
    if (watches.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }

  /** What is left of the family after so long, by command line; it is then killed. */
  async survivorsAfter(milliseconds: number): Promise<string[]> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const alive = this.look();
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
    for (const { id } of this.look()) {
      sendSignal(id, 'SIGKILL');
    }
  }

  /** Adds to the family what belongs to it. Gives those of it that are alive. */
  look(table: readonly ProcessEntry[] = processTable()): ProcessEntry[] {
    this.#peak = Math.max(this.#peak, residentMemory(this.#root).peak);
    const alive = table.filter((entry) => this.#known.has(keyOf(entry)));
    const family = new Set(alive.map(({ id }) => id));
    let strangers = table.filter((entry) => Number(entry.started) >= this.#since && !family.has(entry.id));
    for (let grown = true; grown; ) {
      const joined = strangers.filter((entry) => this.#isRelated(entry, family));
      for (const entry of joined) {
        this.#known.set(keyOf(entry), entry);
        family.add(entry.id);
      }
      strangers = strangers.filter(({ id }) => !family.has(id));
      alive.push(...joined);
      grown = joined.length > 0;
    }
    return alive.filter(({ isZombie }) => !isZombie);
  }

  #isRelated(entry: ProcessEntry, family: ReadonlySet<number>): boolean {
    if (entry.id === this.#root || entry.session === this.#root || family.has(entry.parent)) {
      return true;
    }
    // What the harness itself starts meanwhile names the same files.
    return (
      entry.parent !== process.pid &&
      (readProcessFile(entry.id, 'environ').includes(this.#marker) ||
        readProcessFile(entry.id, 'cmdline').includes(this.#marker))
    );
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
