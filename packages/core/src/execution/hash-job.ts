import type { ExecutionRun, HashRequest } from '../contracts/executor.js';

/** A request to hash images, with its local context. */
export type HashJob = HashRequest & ExecutionRun;
