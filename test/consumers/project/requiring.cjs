const core = require('@virt-similarity/core');
const { default: hashers } = require('@virt-similarity/hashers');
const { default: readers } = require('@virt-similarity/readers');
const { default: reporters } = require('@virt-similarity/reporters');
const { analyse } = require('./analysis.mjs');

void analyse(core, { readers, hashers, reporters });
