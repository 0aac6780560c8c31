/**
 * What piscina loads in a worker thread. It loads by `require`, and Node.js 20 aborts the whole process when a thread is
 * ended while it requires an ES module; ending one that imports is safe.
 */
const worker = import('./hash-worker.js');

module.exports = async (job: import('./hash-worker.js', { with: { 'resolution-mode': 'import' }}).WorkerJob) =>
  (await worker).default(job);
