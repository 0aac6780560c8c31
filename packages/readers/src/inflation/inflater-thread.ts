import { parentPort } from 'node:worker_threads';
import { type InflateTask, inflateClusters } from './inflate-clusters.js';

/** The worker thread's entry: answers each task with what failed, if anything did, and ends at a message without one. */
parentPort?.on('message', (task: InflateTask | undefined) => {
  if (task === undefined) {
    parentPort?.close();
  } else {
    parentPort?.postMessage(inflateClusters(task));
  }
});
