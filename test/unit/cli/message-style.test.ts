import { expect, test } from '@jest/globals';
import { scanWords } from '#cli/arguments/read-command-line.js';
import { messageStyle } from '#cli/run-command.js';

test.each([
  ['a b', 'normal', 'auto'],
  ['-q a', 'quiet', 'auto'],
  ['hash a --verbose --color=always', 'verbose', 'always'],
  ['--color never --color sometimes', 'normal', 'auto'],
  ['-- -q', 'normal', 'auto'],
])('messages of %j have the verbosity %s and the color %s', (line, verbosity, color) => {
  expect(messageStyle(scanWords(line.split(' ')))).toEqual({ verbosity, color, progress: 'auto' });
});

test('progress is that of the last --progress, or auto if its value is invalid', () => {
  const progressOf = (line: string) => messageStyle(scanWords(line.split(' '))).progress;
  expect(progressOf('--progress none --progress=json a')).toBe('json');
  expect(progressOf('--progress jsn a')).toBe('auto');
});
