import { describe, expect, test } from '@jest/globals';
import { parseWords } from '#cli/arguments/parse-words.js';
import { knownCommand } from './sample-commands.js';

const DIALECT = {
  dialect: { type: 'enum', values: ['safe', 'quoted'], default: 'safe', description: 'of the labels' },
} as const;

const parse = (line: string, name = 'analyze') =>
  parseWords(knownCommand(name, DIALECT), line.split(' '), '\nThe end.');

function helpOf(name: string): string {
  const parsed = parse('--help', name);
  return 'text' in parsed ? parsed.text : '';
}

describe('parseWords', () => {
  test('returns the text of options and the state of switches by name, and operands', () => {
    expect(parse('-o a.nwk --block-size=4K --output b.dot -v x.img --dialect safe --no-sandbox -- -y')).toEqual({
      given: {
        output: ['a.nwk', 'b.dot'],
        'block-size': '4K',
        verbose: true,
        dialect: 'safe',
        sandbox: false,
      },
      operands: ['x.img', '-y'],
    });
  });

  test.each([
    ['--cache dir --no-cache', false],
    ['--no-cache --cache dir', 'dir'],
  ])('uses the last value of an option: %s', (line, cache) => {
    expect(parse(line)).toMatchObject({ given: { cache } });
  });

  test.each([
    ['--linkge=ward', /^unknown option '--linkge=ward'; did you mean '--linkage'\?$/],
    ['-z', /^unknown option '-z'; see virt-similarity --help$/],
    ['--metric', /argument missing/],
    ['-q -v', /cannot be used with/],
  ])('refuses %s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  test('returns the help, with values and defaults of options', () => {
    const help = helpOf('analyze');
    expect(help).toMatch(/^Usage: virt-similarity \[analyze\] \[options\] IMAGE…\n/);
    expect(help).toMatch(/^Options of reports:\n +--dialect <value> +of the labels \(safe, quoted; default: safe\)$/m);
    expect(help).toMatch(/--cache <dir> .*default:\s+similarity-cache/);
    expect(help).toMatch(/\nThe end\.\n$/);
    expect(helpOf('hash')).toMatch(/^Usage: virt-similarity hash \[options\] IMAGE…\n/);
    expect(helpOf('plugins')).toMatch(/^Usage: virt-similarity plugins \[options\]\n/);
  });

  test('returns the version', () => {
    expect(parse('--version', 'doctor')).toEqual({ text: expect.stringMatching(/^\d+\.\d+\.\d+.*\n$/) });
  });
});
