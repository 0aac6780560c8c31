/**
 * What piscina loads in a worker thread. It loads by `require`, and Node.js 20 aborts the whole process when a thread is
 * ended while it requires an ES module; ending one that imports is safe.
 */
const worker = import('./comparison-worker.js');

type Work = typeof import('./comparison-worker.js', { with: { 'resolution-mode': 'import' }}).default;

module.exports = async (task: Parameters<Work>[0]) => (await worker).default(task);
