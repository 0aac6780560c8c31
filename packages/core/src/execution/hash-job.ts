import type { ExecutionRun, HashRequest } from '../contracts/executor.js';

/** What is to be hashed, how, and with which callbacks. */
export type HashJob = HashRequest & ExecutionRun;
