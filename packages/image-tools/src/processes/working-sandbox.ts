import { messageOf } from '@virt-similarity/core';
import { ChildTool } from './child-tool.js';
import { findProgram } from './find-program.js';
import { confine, EMPTY_VIEW, type SandboxKind } from './sandbox.js';

/** Milliseconds that the trial may take. */
const TRIAL_TIMEOUT_MS = 10_000;

/** Whether programs can run in a sandbox here, and in which kind. */
export type WorkingSandbox =
  | { readonly works: true; readonly kind: SandboxKind }
  /** `reason` is a clause such as `bwrap is not installed`. */
  | { readonly works: false; readonly reason: string };

let known: { readonly path: string | undefined; readonly sandbox: Promise<WorkingSandbox> } | undefined;

/** Tries bubblewrap once, and again only if `PATH` changes. */
export function workingSandbox(): Promise<WorkingSandbox> {
  const path = process.env.PATH;
  if (known === undefined || known.path !== path) {
    known = { path, sandbox: tryKinds() };
  }
  return known.sandbox;
}

async function tryKinds(): Promise<WorkingSandbox> {
  if ((await findProgram('bwrap')) === undefined) {
    return { works: false, reason: 'bwrap is not installed' };
  }
  let reason = '';
  for (const kind of kindsToTry()) {
    reason = await failureOf(kind);
    if (reason === '') {
      return { works: true, kind };
    }
  }
  return { works: false, reason: `bwrap does not work here (${reason})` };
}

/** Returns the kinds to try, in order. In a container, root may need a user namespace to create the others. */
function kindsToTry(): readonly SandboxKind[] {
  const unprivileged = ['unprivileged', 'unprivileged-without-disable-userns'] as const;
  return process.getuid?.() === 0 ? ['privileged', ...unprivileged] : unprivileged;
}

/** Returns bwrap's complaint; an empty text if it works. */
async function failureOf(kind: SandboxKind): Promise<string> {
  const { words, descriptors } = await confine(kind, EMPTY_VIEW, '/usr/bin/true');
  const [file, ...bwrapArguments] = words;
  try {
    const trial = await ChildTool.start(file!, [...bwrapArguments, '/usr/bin/true'], {
      output: 0,
      timeoutMs: TRIAL_TIMEOUT_MS,
      descriptors,
    });
    const { exitCode, signal, stderr, stopped } = await trial.ended;
    if (exitCode === 0) {
      return '';
    }
    const end = stopped === undefined ? `ended with ${signal ?? `status ${exitCode}`}` : 'it did not end in time';
    return stderr.replace(/^bwrap: /, '').replace(/\s*\n\s*/g, '. ') || end;
  } catch (thrown) {
    return messageOf(thrown);
  }
}
