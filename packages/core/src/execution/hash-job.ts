import type { ExecutionRun, HashRequest } from '../contracts/executor.js';

/** What is to be hashed and how, and whom to tell. */
export type HashJob = HashRequest & ExecutionRun;
