import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { supervise } from '../../fuzz/supervise.js';
import { BAD, SEED } from './bad-targets.js';

const EXECUTIONS = 6;
/** The kind of finding for each tested target. */
const KINDS = {
  wrong: 'wrong results',
  hang: 'hangs',
  crash: 'crashes',
  exit: 'crashes',
  memory: 'over the memory limit',
} as const;

async function superviseTarget(target: string, timeMs = target === 'hang' ? 5000 : 3_600_000) {
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-supervise-'));
  try {
    const targets = new URL('./bad-targets.js', import.meta.url).href;
    const task = { targets, target, seed: SEED, first: 0, end: EXECUTIONS, directory };
    // By default, the limit is short only for a hang, so that no other fault counts as a hang on a slow machine.
    const limits = { timeMs, startMs: 3_600_000, memory: 400 * 2 ** 20 };
    return await supervise({ ...task, progress: join(directory, 'progress') }, limits);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('the supervision of executions', () => {
  test.each(Object.entries(KINDS))('records the fault %s and continues after it', async (target, kind) => {
    const { accepted, rejected, findings } = await superviseTarget(target);
    expect(findings).toEqual([{ kind, execution: BAD, description: expect.any(String) }]);
    expect(accepted + rejected).toBe(EXECUTIONS - 1);
  });

  test('records slowly growing memory as a memory fault, although it exceeds the time limit', async () => {
    const { findings } = await superviseTarget('growth', 5000);
    expect(findings).toMatchObject([{ kind: 'over the memory limit', execution: BAD }]);
  });

  test('stops at a target that cannot be prepared', async () => {
    const { findings } = await superviseTarget('unprepared');
    expect(findings).toHaveLength(1);
    expect(findings[0]?.description).toContain('cannot prepare');
  });
});
