/**
 * Serves analyses over HTTP: `node serve.js DIRECTORY PORT`, then `curl 'localhost:PORT/newick?linkage=average'`. The
 * path is the name of the report. A client that disconnects cancels its analysis, which ends its work and removes its
 * temporary files.
 */
import { createServer } from 'node:http';
import { createAnalyzer, MemoryVectorStore } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import reporters from '@virt-similarity/reporters';

const [directory, port] = process.argv.slice(2);
// One analyzer for all requests: they share its threads.
const analyzer = createAnalyzer({ plugins: [readers, hashers, reporters], store: new MemoryVectorStore() });
const mediaTypes = new Map(
  analyzer.reporters.map(({ name, part: { mediaType, isBinary } }) => [
    name,
    isBinary ? mediaType : `${mediaType}; charset=utf-8`,
  ]),
);

/** The HTTP status for an error of the library, by its code. Others are errors of the server. */
const STATUS = { usage: 400, refused: 403, 'in-use': 409, changed: 409 };

const server = createServer(async ({ url }, response) => {
  const cancellation = new AbortController();
  const { signal } = cancellation;
  response.on('close', () => cancellation.abort());
  try {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const reporter = pathname.slice(1) || 'html';
    console.log(`${reporter}: started`);
    const images = await analyzer.findImages([directory], { signal });
    const metric = searchParams.get('metric') ?? undefined;
    const linkage = searchParams.get('linkage') ?? undefined;
    // Passes only these options: a client must not choose the sandbox, the reader or the cache.
    const analysis = await analyzer.analyze(images, { metric, linkage, signal });
    for await (const bytes of analyzer.reportBytes(reporter, analysis, {}, { signal })) {
      if (!response.headersSent) {
        response.writeHead(200, { 'content-type': mediaTypes.get(reporter) });
      }
      response.write(bytes);
    }
    response.end();
  } catch (error) {
    console.log(`${url}: ${error.message}`);
    if (!response.headersSent) {
      response.writeHead(STATUS[error.code] ?? 500, { 'content-type': 'text/plain' }).end(`${error.message}\n`);
    }
  }
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on port ${server.address().port}`));
