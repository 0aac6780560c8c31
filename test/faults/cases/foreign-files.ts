import { FORMAT_READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import { patch, writeRawDisk } from '../inputs/patch.js';
import { createQcow2, QCOW2_FIELDS, replaceName } from '../inputs/qcow2.js';
import { createWithHostileFooter, createWithParent, flatDescriptor } from '../inputs/vmdk.js';

/**
 * Images whose headers refer to other files as data files, extents or parents, not as qcow2 backing files; and an image
 * with an unknown feature.
 */
export const FOREIGN_FILES: readonly FaultCase[] = [
  {
    number: 17,
    title: 'refuses a qcow2 whose data file is named by a path',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const image = stage.image('image.qcow2');
      // qemu-img creates the data file itself; the secret then replaces it.
      await createQcow2(image, { size: '128k', creation: `data_file=${stage.root}/secrets/secret,data_file_raw=on` });
      await stage.secret('secret');
      return stage.trial([image]);
    },
  },
  {
    number: 18,
    title: 'refuses a qcow2 whose data file is named by a json: name',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const image = stage.image('image.qcow2');
      const name = `json:{"driver":"file","filename":"${await stage.secret('secret')}"}`;
      const directory = `${stage.root}/images/`;
      const placeholder = directory.padEnd(name.length, 'p');
      await createQcow2(image, { size: '128k', creation: `data_file=${placeholder},data_file_raw=on` });
      await replaceName(image, placeholder, name);
      return stage.trial([image]);
    },
  },
  {
    number: 19,
    title: 'refuses a vmdk with a flat extent that is a file of the host',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const [absolute, relative] = [stage.image('absolute.vmdk'), stage.image('relative.vmdk')];
      const head = flatDescriptor(await stage.secret('secret'));
      await writeRawDisk(absolute, head, head.length);
      const other = flatDescriptor('../secrets/secret');
      await writeRawDisk(relative, other, other.length);
      return stage.trial([absolute, relative], { errors: 2 });
    },
  },
  {
    number: 20,
    title: 'refuses a vmdk whose parent hint names a file of the host',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const image = stage.image('child.vmdk');
      await createWithParent(image, await stage.secret('secret'));
      return stage.trial([image]);
    },
  },
  {
    number: 21,
    title: 'refuses a vmdk whose footer refers to another descriptor than its header',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const image = stage.image('stream.vmdk');
      await createWithHostileFooter(image, await stage.secret('secret'));
      return stage.trial([image]);
    },
  },
  {
    number: 22,
    title: 'refuses a qcow2 with an unknown incompatible feature',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const image = stage.image('image.qcow2');
      await createQcow2(image);
      await patch(image, { [QCOW2_FIELDS.incompatible]: Buffer.of(0x10) });
      return stage.trial([image]);
    },
  },
];
