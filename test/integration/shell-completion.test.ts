import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

/** The URL is relative to the compiled file, which is in test/dist/integration. */
const SCRIPTS = fileURLToPath(new URL('../../../packages/cli/completions/', import.meta.url));
const PROMPT = 'ready> ';

interface Shell {
  readonly words: readonly string[];
  /** Typed before the test: loads the script, and sets the prompt. */
  readonly setUp: string;
}

const SHELLS: Readonly<Record<string, Shell>> = {
  bash: {
    words: ['bash', '--norc', '--noprofile', '-i'],
    setUp: `bind 'set bell-style none' 'set show-all-if-ambiguous on' 'set page-completions off'; source ${SCRIPTS}virt-similarity.bash; PS1='ready''> '`,
  },
  'zsh (fpath)': {
    words: ['zsh', '-f', '-i'],
    setUp: `unsetopt beep zle_bracketed_paste; fpath=(${SCRIPTS} $fpath); autoload -U compinit; compinit -u -D; PS1='ready''> '`,
  },
  'zsh (source)': {
    words: ['zsh', '-f', '-i'],
    setUp: `unsetopt beep; autoload -U compinit; compinit -u -D; source ${SCRIPTS}_virt-similarity; PS1='ready''> '`,
  },
  fish: {
    words: ['fish', '--no-config', '-i'],
    setUp: `source ${SCRIPTS}virt-similarity.fish; function fish_prompt; echo -n 'ready''> '; end`,
  },
};

let directory: string;
let running: ChildProcess | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shell-completion-'));
  await writeFile(join(directory, 'web server.qcow2'), '');
  await mkdir(join(directory, 'vectors'));
  await writeFile(join(directory, 'vocabulary.txt'), '');
});

afterEach(() => {
  running?.kill('SIGKILL');
});

afterAll(() => rm(directory, { recursive: true }));

describe.each(Object.entries(SHELLS))('completion in %s', (_name, shell) => {
  test.each([
    ['an option', 'virt-similarity --met', /--metric/],
    ['a value', 'virt-similarity --metric jac', /--metric jaccard/],
    ['a value after =', 'virt-similarity --linkage=wei', /--linkage=weighted/],
    ['the values of an option', 'virt-similarity --output-format new', /--output-format newick/],
    ['a command', 'virt-similarity comp', /virt-similarity completion/],
    ['the values that an option has in a command', 'virt-similarity plan --output-format sh', /--output-format shell/],
    ['a value of a command', 'virt-similarity cache ver', /cache verify/],
    ["a command's option", 'virt-similarity hash --block', /hash --block-size/],
    ['an image, with a blank in its name', 'virt-similarity hash web', /hash web\\ server\.qcow2/],
    ['only a directory where a directory is expected', 'virt-similarity --cache v', /--cache vectors\//],
    ["a report's option", 'virt-similarity --heig', /--heights/],
  ])('completes %s', async (_purpose, typed, expected) => {
    expect(await press(shell, typed, expected)).toMatch(expected);
  });

  test('lists the possible values', async () => {
    const listed = /hamming-fraction/;
    expect(await press(shell, 'virt-similarity --metric ham', listed)).toMatch(listed);
  });
});

/** Types a text and two tabs on a terminal, waits until it shows the expected text, and returns what it shows. */
async function press({ words, setUp }: Shell, typed: string, expected: RegExp): Promise<string> {
  const child = spawn('script', ['--quiet', '--flush', '--command', words.join(' '), '/dev/null'], {
    cwd: directory,
    env: {
      ...process.env,
      // On a dumb terminal, fish lists nothing; on others, zsh marks directories with escape sequences.
      TERM: words[0] === 'fish' ? 'xterm' : 'dumb',
      HOME: directory,
      XDG_CONFIG_HOME: directory,
      XDG_DATA_HOME: directory,
      LC_ALL: 'C.UTF-8',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running = child;
  let shown = '';
  const shows = (wanted: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const check = () => wanted.test(shown) && resolve();
      child.stdout.on('data', check);
      child.on('close', () => reject(new Error(`the shell ended after ${JSON.stringify(shown)}`)));
      check();
    });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  child.stdin.write(`${setUp}\n`);
  await shows(new RegExp(PROMPT));
  shown = '';
  child.stdin.write(`${typed}\t\t`);
  await shows(expected);
  return shown;
}
