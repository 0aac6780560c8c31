import { throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import { runTool, type Tool, ToolFailure } from '@virt-similarity/image-tools';
import type { Domain } from './domain.js';

export const VIRSH: Tool = { command: 'virsh', package: 'libvirt-clients' };

/** The time limit of each virsh command in milliseconds: more than a busy libvirtd needs for one domain. */
const TIMEOUT_MS = 60_000;
/** The most bytes of output; libvirt itself accepts at most 10 MiB of XML. */
const MAXIMUM_OUTPUT = 16 * 2 ** 20;

/** The variables with which virsh finds the user's own daemon and the default connection. */
const VARIABLES = ['HOME', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'LIBVIRT_DEFAULT_URI'] as const;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * Queries libvirt through virsh, and changes nothing. Unless stated otherwise, every call throws `unavailable` if virsh
 * is missing or fails, and `aborted` if the signal fires.
 */
export class Virsh {
  readonly #connect: readonly string[];
  readonly #signal: AbortSignal | undefined;

  /** @param connect the connection's URI; virsh's default if absent */
  constructor(connect: string | undefined, signal: AbortSignal | undefined) {
    this.#connect = connect === undefined ? [] : [`--connect=${connect}`];
    this.#signal = signal;
  }

  /** Returns the URI of the connection. */
  async uri(): Promise<string> {
    return (await this.#run('uri')).trim();
  }

  /** Returns the UUIDs of all domains. Unlike names, UUIDs contain no line breaks. */
  async uuids(): Promise<readonly string[]> {
    const lines = (await this.#run('list', '--all', '--uuid')).split('\n');
    return lines.filter((line) => UUID.test(line));
  }

  /**
   * Returns a domain by its name, UUID or number; `undefined` if there is none.
   *
   * @throws `unreadable` if its definition cannot be parsed; `unavailable` if virsh is missing or fails for another
   *   reason; `aborted` if the signal fires.
   */
  async domain(wanted: string): Promise<Domain | undefined> {
    let xml: string;
    try {
      // In one argument, so that a name is never read as an option.
      xml = await this.#run('dumpxml', `--domain=${wanted}`);
    } catch (thrown) {
      if (thrown instanceof VirtSimilarityError && thrown.cause instanceof ToolFailure && isNotFound(thrown.cause)) {
        return undefined;
      }
      throw thrown;
    }
    // Imported here because the XML parser loads slowly and is needed only if domains are named.
    const { parseDomain } = await import('./domain.js');
    try {
      return parseDomain(xml);
    } catch (cause) {
      const problem = `[libvirt] cannot parse the definition of ${wanted}: ${(cause as Error).message.split('\n')[0]}`;
      throw new VirtSimilarityError('unreadable', `${problem}; check it with virsh dumpxml`, { cause });
    }
  }

  async #run(...words: readonly string[]): Promise<string> {
    const environment = Object.fromEntries(
      VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    try {
      return await runTool(VIRSH, ['--quiet', ...this.#connect, ...words], {
        component: 'libvirt',
        environment,
        signal: this.#signal,
        timeoutMs: TIMEOUT_MS,
        maxOutputBytes: MAXIMUM_OUTPUT,
      });
    } catch (thrown) {
      throwIfAborted(this.#signal);
      if (!(thrown instanceof ToolFailure)) {
        throw thrown;
      }
      const errors = Array.from(thrown.stderr.matchAll(/^error: (.*)$/gm), ([, text]) => text);
      const found = errors.join(': ') || thrown.message;
      const problem = `[libvirt] virsh ${words[0]} failed: ${found}`;
      throw new VirtSimilarityError(
        'unavailable',
        `${problem}; check the connection's URI and that libvirt is running`,
        {
          cause: thrown,
        },
      );
    }
  }
}

/** Returns whether virsh failed because there is no such domain. Tools run with English messages. */
function isNotFound({ stderr }: ToolFailure): boolean {
  return /^error: (Domain not found|failed to get domain )/m.test(stderr);
}
