/** A plugin that meets its contracts, unless BROKEN is set: then its reporter changes the analysis. */
export class CountReporter {
  extension = '.count';
  mediaType = 'text/plain';

  *report({ images }) {
    if (process.env.BROKEN) {
      images.pop();
    }
    yield `${images.length}\n`;
  }
}

export default { name: 'counting', url: import.meta.url, core: '^0.1.0', reporters: { count: CountReporter } };
