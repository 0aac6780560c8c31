import { describe, expect, test } from '@jest/globals';
import type { DiagnosedPart, Requirement } from '@virt-similarity/core';
import { describe as describeReaders } from '#cli/commands/doctor.js';
import { overrunError } from '#core/threads/overrun-error.js';
import { TimeLimitError } from '#core/threads/time-limit-error.js';

const requirement = (name: string, state: Requirement['state']): Requirement => ({
  name,
  state,
  detail: state === 'present' ? '1.2' : '',
  purpose: `for ${name}`,
  package: `${name}-package shared-package`,
});

const qemu = (state: Requirement['state']): DiagnosedPart => ({
  kind: 'reader',
  name: 'qemu',
  requirements: [requirement('qemu-img', state)],
  abilities: [
    { purpose: 'qcow2', needs: [] },
    { purpose: 'every other format', needs: ['qemu-img'] },
  ],
});

function textOf(...readers: DiagnosedPart[]): string {
  return [...describeReaders(readers)].join('');
}

describe('the doctor', () => {
  test('reports that everything works and proposes nothing', () => {
    const text = textOf(qemu('present'));
    expect(text).toMatch(/^qemu-img +1\.2 +for qemu-img$/m);
    expect(text).toMatch(/^qemu +yes +every other format$/m);
    expect(text).not.toContain('apt-get');
  });

  test('reports failures, missing tools, and one command that installs them', () => {
    const requirements = [
      requirement('nbdkit', 'missing'),
      requirement('guestfish', 'missing'),
      requirement('kvm', 'broken'),
    ];
    const abilities = [{ purpose: 'all of these', needs: ['nbdkit', 'guestfish'] }];
    const text = textOf(qemu('present'), { kind: 'reader', name: 'libguestfs', requirements, abilities });
    expect(text).toMatch(/^qemu +yes +every other format$/m);
    expect(text).toMatch(/^libguestfs +no: nbdkit is missing, guestfish is missing +all of these$/m);
    expect(text).toMatch(/^kvm +broken +for kvm$/m);
    expect(text).toMatch(/apt-get install nbdkit-package shared-package guestfish-package\n$/);
  });

  test('reports which abilities of a reader work without a tool', () => {
    const text = textOf(qemu('missing'));
    expect(text).toMatch(/^qemu +yes +qcow2$/m);
    expect(text).toMatch(/^qemu +no: qemu-img is missing +every other format$/m);
  });

  test('lists a requirement of several readers once, and a reader without a diagnosis', () => {
    const text = textOf(qemu('present'), { ...qemu('present'), name: 'other' }, { kind: 'reader', name: 'gzip' });
    expect(text.match(/^qemu-img/gm)).toHaveLength(1);
    expect(text).toMatch(/^gzip +unknown +the reader does not report what it needs$/m);
  });

  test('reports why a reader was not diagnosed, and which flag helps', () => {
    const problem = overrunError('slow', 'reader', new TimeLimitError(500));
    expect(textOf({ kind: 'reader', name: 'slow', problem })).toMatch(
      /^slow +unknown +\[slow\] the reader gave no answer within 0\.5 s; .* more time with --plugin-timeout$/m,
    );
  });
});
