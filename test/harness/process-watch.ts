import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessEntry, processEntry, processTable, readProcessFile, residentMemory } from './process-table.js';

const POLL_INTERVAL_MS = 50;

/** All active watches, which share each scan of the process table. */
const watches = new Set<ProcessWatch>();
let timer: NodeJS.Timeout | undefined;

function scanForAll(): void {
  const table = processTable();
  for (const watch of watches) {
    watch.scan(table);
  }
}

/**
 * Watches a process and its family: its descendants, its session, and every process with a marker in its environment or
 * command line. The marker finds processes that left the family by a double fork.
 */
export class ProcessWatch {
  readonly #root: number;
  readonly #marker: string;
  readonly #known = new Map<string, ProcessEntry>();
  /** The process's start time in clock ticks: older processes are not in its family. */
  readonly #since: number;
  #peak = 0;

  constructor(root: number, marker: string) {
    this.#root = root;
    this.#marker = marker;
    this.#since = Number(processEntry(root)?.started ?? Number.POSITIVE_INFINITY);
    this.scan();
    watches.add(this);
    timer ??= setInterval(scanForAll, POLL_INTERVAL_MS);
  }

  /** The peak memory of the process itself, in bytes. */
  get peakMemory(): number {
    return this.#peak;
  }

  /** Returns the command lines and environments of the running family. */
  texts(): string[] {
    return this.scan().flatMap(({ id }) => [readProcessFile(id, 'cmdline'), readProcessFile(id, 'environ')]);
  }

  /** Sends a signal to the family members that pass a test, except the process itself. Returns how many got it. */
  signal(signal: NodeJS.Signals, test: (commandLine: string) => boolean): number {
    const chosen = this.scan().filter(({ id }) => id !== this.#root && test(readProcessFile(id, 'cmdline')));
    for (const { id } of chosen) {
      sendSignal(id, signal);
    }
    return chosen.length;
  }

  /** Ends the periodic scans. */
  stop(): void {
    watches.delete(this);
    if (watches.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }

  /**
   * Waits until the family has ended, but at most the given time. Kills the members that still run then, and returns
   * their ids and command lines.
   */
  async survivorsAfter(milliseconds: number): Promise<string[]> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const alive = this.scan();
      if (alive.length === 0) {
        return [];
      }
      if (performance.now() > deadline) {
        const survivors = alive.map(({ id }) => `${id} ${readProcessFile(id, 'cmdline').replaceAll('\0', ' ').trim()}`);
        this.killAll();
        return survivors;
      }
      await delay(POLL_INTERVAL_MS);
    }
  }

  /** Kills the family, including the process itself. */
  killAll(): void {
    for (const { id } of this.scan()) {
      sendSignal(id, 'SIGKILL');
    }
  }

  /** Adds new members to the family. Returns the members that are alive. */
  scan(table: readonly ProcessEntry[] = processTable()): ProcessEntry[] {
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
    // Other children of the harness, such as qemu-img, can have the marker in their command lines.
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
    // It has exited, perhaps together with another process that got the signal.
  }
}
