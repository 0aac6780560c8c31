import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The script in the source directory: this file is compiled to test/dist/races, but the script is not. */
const SCRIPT = fileURLToPath(new URL('../../races/exchanger.py', import.meta.url));
const PYTHON = 'python3';

/** Two names that are exchanged with each other during a run. */
export interface Exchange {
  readonly first: string;
  readonly second: string;
  /** Files and directories whose inotify events are counted. The events of a directory include those of its entries. */
  readonly watch: readonly string[];
  /** If true, `first` is a directory, and each file that is created in it during the run is exchanged with `second`. */
  readonly created?: boolean;
}

/** One exchange: waits for the number of events since the last exchange, then for the number of microseconds. */
export type Step = readonly [events: number, microseconds: number];

/** The result for one pair of names in a run. */
export interface Exchanged {
  /** The number of exchanges that succeeded, including those that restored the names. */
  readonly exchanged: number;
  /** The number of events on the watched files and directories. */
  readonly events: number;
}

/** A process that watches files with inotify and exchanges names after given events. */
export class Exchanger {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const child = spawn(PYTHON, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    child.on('error', () => {});
    child.stdin?.on('error', () => {});
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Starts to watch and exchange these names. Resolves once every watch is in place. */
  async arm(exchanges: readonly (Exchange & { readonly steps: readonly Step[] })[]): Promise<void> {
    const requests = exchanges.map(({ first, second, watch, steps, created = false }) => {
      return { first, second, watch, steps, created };
    });
    this.#send(JSON.stringify({ exchanges: requests }));
    const answer = await this.#line();
    if (answer !== 'armed') {
      throw new Error(`expected 'armed' from ${SCRIPT}, found '${answer}'`);
    }
  }

  /** Restores every pair of names. Returns the results in the order of the pairs. */
  async stop(): Promise<Exchanged[]> {
    this.#send('stop');
    return JSON.parse(await this.#line()) as Exchanged[];
  }

  /** Ends the process. */
  close(): void {
    this.#process.stdin?.end();
    this.#process.kill();
  }

  #send(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) {
      throw new Error(`${PYTHON} ${SCRIPT} exited; is ${PYTHON} installed?`);
    }
    return value;
  }
}
