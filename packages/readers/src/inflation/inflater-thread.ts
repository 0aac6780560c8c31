import { answerTasks } from '@virt-similarity/core/threads';
import { inflateClusters } from './inflate-clusters.js';

answerTasks(inflateClusters);
