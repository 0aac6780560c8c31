/**
 * What piscina loads in a worker thread. It loads by `require`, and Node.js 20 aborts the whole process when a thread is
 * ended while it requires an ES module; ending one that imports is safe.
 */
const worker = import('./comparison-worker.js');

module.exports = async (task: import('./comparison.js', { with: { 'resolution-mode': 'import' }}).ComparisonTask) =>
  (await worker).default(task);
