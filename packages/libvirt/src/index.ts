import type { ImageSource, PartContext, Plugin } from '@virt-similarity/core';
import { LibvirtSource } from './libvirt-source.js';

export { LibvirtSource } from './libvirt-source.js';

/** The source `libvirt`: `libvirt:DOMAIN`, `libvirt:DOMAIN:TARGET`, and `libvirt:` for all domains. */
export default {
  name: '@virt-similarity/libvirt',
  url: import.meta.url,
  options: {
    connect: { type: 'name', placeholder: 'uri', description: 'URI of the connection to libvirt' },
  },
  sources: {
    libvirt: {
      create: ({ options: { connect } }: PartContext<ImageSource>) =>
        new LibvirtSource(connect === undefined ? undefined : String(connect)),
    },
  },
} satisfies Plugin;
