import * as core from '@virt-similarity/core';
import {
  type Analysis,
  type BlockHasher,
  createAnalyzer,
  type Plugin,
  type Reporter,
  VirtSimilarityError,
} from '@virt-similarity/core';
import hashers, { Sha256Hasher } from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import reporters, { NewickReporter } from '@virt-similarity/reporters';
import { analyse } from './analysis.mjs';

class CountReporter implements Reporter {
  readonly extension = '.txt';
  readonly mediaType = 'text/plain';

  *report({ images }: Analysis): Generator<string> {
    yield String(images.length);
  }
}

const counting = { name: 'counting', reporters: { count: CountReporter } } satisfies Plugin;
const hasher: BlockHasher = new Sha256Hasher();
const newick: Reporter = new NewickReporter();
const analyzer = createAnalyzer({ plugins: [readers, hashers, reporters, counting] });
const analysis: Analysis = await analyzer.analyze(['a.raw', 'b.raw'], { linkage: 'average' });
let text = '';
for await (const part of analyzer.report('count', analysis)) {
  text += part;
}
if (text !== '2' || hasher.digestLength !== 32 || newick.extension !== '.nwk') {
  throw new VirtSimilarityError('plugin', `expected 2 images, found ${text}`);
}
await analyse(core, { readers, hashers, reporters });
