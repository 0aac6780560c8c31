export { answerTasks } from './answer-tasks.js';
export { WorkerThreads } from './worker-threads.js';
