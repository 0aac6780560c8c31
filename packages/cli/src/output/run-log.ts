import { basename, dirname } from 'node:path';
import {
  OpenDirectory,
  type OptionValues,
  type ProgressEvent,
  requireReplaceable,
  writeFileAtomically,
} from '@virt-similarity/core';
import { systemReasonOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Logger } from 'pino';
import { packageVersion } from '../package-version.js';
import type { MessageLevel, MessageObserver } from '../terminal/messages.js';
import type { OutputFiles } from './open-output-files.js';

/** The options whose values can contain secrets. */
const SECRET_OPTIONS = ['key', 'connect', 'plugin-option'];
/** The extensions of logs. A log has one of them, so that a mistyped command does not overwrite a disk image. */
const EXTENSIONS = ['.log', '.jsonl'];
/** The pino level for each level of messages. */
const LEVELS: Readonly<Record<MessageLevel, 'error' | 'warn' | 'info' | 'debug'>> = {
  error: 'error',
  warning: 'warn',
  note: 'info',
  debug: 'debug',
};

/**
 * The log of a run: the command with its options, messages, the progress of images, and the exit code, each as a JSON
 * object on a line. The file is written at the end of the run, completely or not at all. It contains no passphrases.
 * The values of options that can contain secrets are replaced by `[redacted]`; a message can still quote such a value.
 *
 * The log replaces no file of an image. If the run ends before the files of all images are known, the log does not
 * replace any file.
 */
export class RunLog implements MessageObserver {
  readonly path: string;
  #outputs: Pick<OutputFiles, 'images' | 'knowsAllImages'> | undefined;
  readonly #directory: OpenDirectory;
  readonly #lines: string[] = [];
  readonly #logger: Logger;
  readonly #startedAt = performance.now();

  /**
   * Opens the directory of the file, before any work.
   *
   * @throws `usage` if the path does not end in `.log` or `.jsonl`, or if the system does not open the directory; as
   *   `OpenDirectory.open` and `requireReplaceable`.
   */
  static async open(path: string): Promise<RunLog> {
    if (!EXTENSIONS.some((extension) => path.endsWith(extension))) {
      const problem = `--log-file ${path}: expected a name that ends in ${EXTENSIONS.join(' or ')}`;
      throw new VirtSimilarityError('usage', `${problem}; add the extension`);
    }
    const { pino } = await import('pino');
    const directory = await OpenDirectory.open(dirname(path)).catch((cause: unknown) => {
      if (cause instanceof VirtSimilarityError) {
        throw cause;
      }
      const problem = `cannot write the log ${path}: ${systemReasonOf(cause)}`;
      throw new VirtSimilarityError('usage', `${problem}; choose another directory`, { cause });
    });
    await requireReplaceable(directory, basename(path), { path, protect: undefined });
    return new RunLog(path, directory, pino);
  }

  private constructor(path: string, directory: OpenDirectory, create: typeof import('pino').pino) {
    this.path = path;
    this.#directory = directory;
    this.#logger = create(
      {
        level: 'debug',
        base: { pid: process.pid },
        timestamp: create.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        redact: { paths: SECRET_OPTIONS.map((name) => `options["${name}"]`), censor: '[redacted]' },
      },
      { write: (line: string) => void this.#lines.push(line) },
    );
  }

  /** Logs the command and its options. */
  start(command: string, options: OptionValues): void {
    const versions = { version: packageVersion(), node: process.versions.node };
    this.#logger.info({ ...versions, command, options }, 'run started');
  }

  /** Sets the outputs of the run, which know the files of its images. The log must not replace these files. */
  protectFrom(outputs: Pick<OutputFiles, 'images' | 'knowsAllImages'>): void {
    this.#outputs = outputs;
  }

  message(level: MessageLevel, text: string): void {
    this.#logger[LEVELS[level]](text);
  }

  event(event: ProgressEvent): void {
    if (event.kind === 'image-started' || event.kind === 'backing-started') {
      this.#logger.info({ image: event.path, bytes: event.bytes }, event.kind);
    } else if (event.kind === 'image-finished') {
      this.#logger.info({ image: event.path, cached: event.cached }, event.kind);
    } else if (event.kind === 'image-failed') {
      this.#logger.error({ image: event.path, code: event.error.code }, event.kind);
    } else if (event.kind === 'clustering') {
      this.#logger.info({ images: event.images }, event.kind);
    }
  }

  /**
   * Logs the exit code, writes the file, and closes its directory.
   *
   * @param hasImages whether the command was given images
   * @throws the errors of `writeFileAtomically`, and `refused` if the file exists and could belong to an image.
   */
  async end(exitCode: number, { hasImages }: { readonly hasImages: boolean }): Promise<void> {
    const milliseconds = Math.round(performance.now() - this.#startedAt);
    this.#logger.info({ exitCode, milliseconds }, 'run ended');
    try {
      if (hasImages && !this.#outputs?.knowsAllImages()) {
        await this.#requireNew();
      }
      const protect = this.#outputs?.images;
      await writeFileAtomically(this.path, chunks(this.#lines), { directory: this.#directory, protect });
    } finally {
      this.#directory.close();
    }
  }

  async #requireNew(): Promise<void> {
    const exists = await this.#directory.statusOf(basename(this.path)).then(
      () => true,
      () => false,
    );
    if (exists) {
      const problem = `cannot write the log ${this.path}: it exists, and the run ended before the files of all images were known`;
      throw new VirtSimilarityError('refused', `${problem}; choose another name`);
    }
  }
}

async function* chunks(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}
