/** Runs the shell commands in the core's README, except the installation, then the examples of core and hashers. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const readmes = ['core', 'hashers'].map((name) =>
  readFileSync(`node_modules/@virt-similarity/${name}/README.md`, 'utf8'),
);
const [[, script]] = readmes[0].matchAll(/^```sh\n(.*?)^```$/gms);
execFileSync('sh', ['-ec', script.replace(/^npm install .*\n/, '')], { stdio: ['ignore', 'ignore', 'inherit'] });
const examples = [...readmes.join('\n').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
for (const code of examples) {
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
  if (output === '') {
    throw new Error(`expected output from an example, found none: ${code}`);
  }
}
console.log(`${examples.length} examples`);
