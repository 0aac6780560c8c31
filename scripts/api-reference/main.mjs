/**
 * Writes the reference of everything that the packages export, as HTML, to docs/api or to the directory in the first
 * argument. Fails for every warning of typedoc, for example about a link in a description that leads nowhere.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';

const out = resolve(process.argv[2] ?? fileURLToPath(new URL('../../docs/api', import.meta.url)));
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

/** The sources of a package's exports, such as `packages/core/src/index.ts`. */
function entryPoints(directory) {
  const { exports } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return Object.values(exports)
    .filter(({ types }) => types !== undefined)
    .map(({ types }) => join(directory, types.replace('/dist/', '/src/').replace(/\.d\.ts$/, '.ts')));
}

const application = await Application.bootstrap({
  name: 'virt-similarity',
  readme: 'none',
  entryPoints: readdirSync('packages').flatMap((name) => entryPoints(join('packages', name))),
  tsconfig: fileURLToPath(new URL('./tsconfig.json', import.meta.url)),
  excludePrivate: true,
  excludeInternal: true,
  // Declarations that are not exported are not part of the interface.
  validation: { notExported: false, invalidLink: true },
});
const project = await application.convert();
if (project === undefined) {
  process.exitCode = 1;
} else {
  application.validate(project);
  await application.generateDocs(project, out);
  process.exitCode = application.logger.hasErrors() || application.logger.hasWarnings() ? 1 : 0;
}
