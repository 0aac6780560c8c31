import * as core from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import reporters from '@virt-similarity/reporters';
import { analyse } from './analysis.mjs';

await analyse(core, { readers, hashers, reporters }, process.argv.length > 2 ? process.argv.slice(2) : undefined);
