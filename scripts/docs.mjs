/**
 * Writes all files that are generated from the option table: docs/commands.md, the manual pages and the completion
 * scripts.
 *
 *   npm run docs                 writes the files
 *   node scripts/docs.mjs list   prints the files as JSON, by path; a test compares them with the files
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import reporters from '@virt-similarity/reporters';
import { describedCommand, knownCommands } from '#cli/arguments/known-commands.js';
import { collectReportOptions } from '#cli/arguments/report-options.js';
import { completedCommand, knownNames } from '#cli/commands/completion.js';
import { bashCompletion } from '#cli/completion/bash-completion.js';
import { fishCompletion } from '#cli/completion/fish-completion.js';
import { zshCompletion } from '#cli/completion/zsh-completion.js';
import { composeAnalyzer } from '#cli/composition.js';
import { commandsPage } from './commands-page.mjs';
import { manPages } from './man-pages.mjs';

const CLI = 'packages/cli';

async function generatedFiles() {
  const instances = Object.entries(reporters.reporters).map(([name, Own]) => ({ name, part: new Own() }));
  const analyzer = composeAnalyzer({ plugins: [] });
  const commands = knownCommands(collectReportOptions(instances, {}), analyzer.commands).map(describedCommand);
  const { version } = JSON.parse(readFileSync(`${CLI}/package.json`, 'utf8'));
  const names = await knownNames(analyzer);
  const completed = commands.map(completedCommand);
  return {
    'docs/commands.md': [...commandsPage(commands)].join(''),
    ...Object.fromEntries([...manPages(commands, version)].map(([name, page]) => [`${CLI}/man/${name}`, page])),
    [`${CLI}/completions/virt-similarity.bash`]: bashCompletion(completed, names),
    [`${CLI}/completions/_virt-similarity`]: zshCompletion(completed, names),
    [`${CLI}/completions/virt-similarity.fish`]: fishCompletion(completed, names),
  };
}

const files = await generatedFiles();
if (process.argv[2] === 'list') {
  process.stdout.write(JSON.stringify(files));
} else {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
