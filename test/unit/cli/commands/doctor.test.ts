import { describe, expect, test } from '@jest/globals';
import { describe as describeTools } from '#cli/commands/doctor.js';

const tool = (name: string, state: 'present' | 'missing' | 'broken', requiredBy: string[] = []) => ({
  name,
  state,
  detail: state === 'present' ? '1.2' : '',
  purpose: `for ${name}`,
  package: `${name}-package shared-package`,
  requiredBy,
});

describe('the doctor', () => {
  test('says that all is well and proposes nothing', () => {
    const text = [...describeTools([tool('qemu-img', 'present', ['qemu', 'libguestfs'])])].join('');
    expect(text).toMatch(/^qemu-img +1\.2 +for qemu-img$/m);
    expect(text).toMatch(/^libguestfs +yes /m);
    expect(text).not.toContain('apt-get');
  });

  test('says what does not work, which tools are missing, and the one command that helps', () => {
    const tools = [
      tool('qemu-img', 'present', ['qemu', 'libguestfs']),
      tool('nbdkit', 'missing', ['libguestfs']),
      tool('guestfish', 'missing', ['libguestfs']),
      tool('kvm', 'broken'),
    ];
    const text = [...describeTools(tools)].join('');
    expect(text).toMatch(/^raw +yes /m);
    expect(text).toMatch(/^qemu +yes /m);
    expect(text).toMatch(/^libguestfs +no: nbdkit, guestfish missing /m);
    expect(text).toMatch(/apt-get install nbdkit-package shared-package guestfish-package\n$/);
  });

  test('says that qcow2 can be read without qemu', () => {
    const text = [...describeTools([tool('qemu-img', 'missing', ['qemu', 'libguestfs'])])].join('');
    expect(text).toMatch(/^qemu +yes +qcow2/m);
    expect(text).toMatch(/^qemu +no: qemu-img missing +every other format/m);
  });
});
