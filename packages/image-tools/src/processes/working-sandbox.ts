import { exhaustionRemedy, messageOf, VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';
import { ChildTool } from './child-tool.js';
import { findProgram } from './find-program.js';
import { BUBBLEWRAP, confine, EMPTY_VIEW, type SandboxKind } from './sandbox.js';

/** The time limit of the trial, in milliseconds. */
const TRIAL_TIMEOUT_MS = 10_000;

/** Whether programs can run in a sandbox here, and the kind of the sandbox, or why not. */
export type WorkingSandbox =
  | { readonly works: true; readonly kind: SandboxKind }
  /** `reason` is a clause such as `bwrap is not installed`, and `remedy` a request such as `install bubblewrap`. */
  | { readonly works: false; readonly reason: string; readonly remedy: string };

/** What bwrap reports if a system resource is exhausted, in the words of strerror(3), and the remedy. */
const EXHAUSTED: readonly (readonly [report: RegExp, remedy: string])[] = [
  [/Too many open files/i, 'allow more open files with ulimit -n'],
  [/Cannot allocate memory/i, 'allow more memory'],
  [/Resource temporarily unavailable/i, 'allow more processes with ulimit -u'],
  // Linux also reports this if there are too many user namespaces.
  [/No space left on device/i, 'free some space, or raise the kernel setting user.max_user_namespaces'],
];

let known: { readonly path: string | undefined; readonly sandbox: Promise<WorkingSandbox> } | undefined;

/**
 * Tries to run a program under bubblewrap, and returns whether and how that works. The result is cached until `PATH`
 * changes. A trial that could not be made is repeated at the next call.
 *
 * @throws `unavailable` if the trial could not be made, because open files, memory, processes or space ran out.
 */
export function workingSandbox(): Promise<WorkingSandbox> {
  const path = process.env.PATH;
  if (known === undefined || known.path !== path) {
    const trial = { path, sandbox: tryKinds() };
    known = trial;
    trial.sandbox.catch(() => {
      known = known === trial ? undefined : known;
    });
  }
  return known.sandbox;
}

async function tryKinds(): Promise<WorkingSandbox> {
  if ((await findProgram(BUBBLEWRAP.command)) === undefined) {
    return { works: false, reason: 'bwrap is not installed', remedy: 'install bubblewrap' };
  }
  let reason = '';
  for (const kind of kindsToTry()) {
    reason = await failureOf(kind);
    if (reason === '') {
      return { works: true, kind };
    }
  }
  return {
    works: false,
    reason: `bwrap does not work here (${reason})`,
    remedy: 'allow bwrap to create namespaces',
  };
}

/**
 * Returns the kinds to try, in order. In a container, root can lack the capabilities to create namespaces outside of a
 * user namespace, so the kinds for other users are tried for root too.
 */
function kindsToTry(): readonly SandboxKind[] {
  const unprivileged = ['unprivileged', 'unprivileged-without-disable-userns'] as const;
  return process.getuid?.() === 0 ? ['privileged', ...unprivileged] : unprivileged;
}

/**
 * Returns why this kind of sandbox does not work; an empty string if it works.
 *
 * @throws `unavailable` if the trial could not be made, because a system resource is exhausted.
 */
async function failureOf(kind: SandboxKind): Promise<string> {
  try {
    const { words, descriptors } = await confine(kind, EMPTY_VIEW, '/usr/bin/true');
    const [file, ...bwrapArguments] = words;
    const trial = await ChildTool.start(file!, [...bwrapArguments, '/usr/bin/true'], {
      output: 0,
      timeoutMs: TRIAL_TIMEOUT_MS,
      descriptors,
    });
    const { exitCode, signal, stderr, stopped } = await trial.ended;
    if (exitCode === 0) {
      return '';
    }
    const shortage = EXHAUSTED.find(([report]) => report.test(stderr));
    if (shortage !== undefined) {
      throw noTrial(stderr.trim(), shortage[1]);
    }
    const end = stopped === undefined ? `ended with ${signal ?? `status ${exitCode}`}` : 'it did not end in time';
    return stderr.replace(/^bwrap: /, '').replace(/\s*\n\s*/g, '. ') || end;
  } catch (thrown) {
    if (thrown instanceof VirtSimilarityError) {
      throw thrown;
    }
    const remedy = exhaustionRemedy(thrown);
    if (remedy !== undefined) {
      throw noTrial(messageOf(thrown), remedy);
    }
    return messageOf(thrown);
  }
}

function noTrial(reason: string, remedy: Wording): VirtSimilarityError {
  return new VirtSimilarityError('unavailable', wording`cannot start bwrap: ${reason}; ${remedy}`);
}
