import { type ExpectedFile, type FileStamp, type Passphrase, wording } from '@virt-similarity/core';
import { type AnonymousFile, makeAnonymousFile } from '../processes/anonymous-file.js';
import type { DescriptorContent } from '../processes/child-tool.js';
import { findProgram } from '../processes/find-program.js';
import { EMPTY_VIEW, sandboxName, sandboxTextName } from '../processes/sandbox.js';
import type { Tool } from '../processes/tool.js';
import { TOOL_LIMITS_DEFAULTS } from '../processes/tool-limits.js';
import type { ToolOptions } from '../processes/tool-options.js';
import { readError } from '../reading/read-error.js';
import { StoredBytes } from '../reading/stored-bytes.js';
import { chainOf } from './chain-of.js';
import { hasVolatileContent, type InspectedImage } from './inspected-image.js';
import type { QemuCall } from './qemu-call.js';
import { isConfined } from './sandbox-policy.js';
import { vmdkDescriptorText } from './vmdk-descriptor-text.js';

/** The descriptor number of the first file of a tool without a sandbox. */
const FIRST_DESCRIPTOR = 20;
/** Number of files that a tool may open besides the files of the image: libraries, sockets, pipes. */
const OTHER_FILES = 256;

/**
 * The files of a chain, as a tool receives them. If another file has replaced an inspected file at its path, the tool
 * never reads the other file: it reads the inspected file or fails.
 */
export interface ToolFiles {
  /** The tool, with a limit of open files that is high enough for all files of the chain. */
  readonly tool: Tool;
  /** The options that give the tool access to the files. */
  readonly access: Pick<ToolOptions, 'view' | 'descriptors'>;
  /** The name by which the tool opens an image of the chain. */
  nameOf(image: InspectedImage): string;
  /** ID of the secret that decrypts an image of the chain; `undefined` if the tool does not decrypt the image. */
  secretOf(image: InspectedImage): string | undefined;
  /** The arguments that define the secrets. They name files and contain no passphrase. */
  readonly secretArguments: readonly string[];
  /** Replaces the names of files in a message of the tool with the paths of these files. */
  withPaths(text: string): string;
  /** Closes the files that were opened for the tool. Call it once the tool has started or has failed to start. */
  close(): Promise<void>;
}

/**
 * Makes the files of a chain available to a tool: in the sandbox read-only, each compared with the inspected file
 * before the tool starts; without a sandbox as open descriptors.
 *
 * A VMDK's text descriptor is replaced by a generated descriptor with the fields that inspection found, because qemu
 * could parse the original differently. Passphrases are files too, which exist only in the memory of the sandbox.
 *
 * @throws as `isConfined`; `refused` if an image has a passphrase and the tool is installed but would not run in the
 *   sandbox; without the sandbox also as `StoredBytes.descriptor` and `makeAnonymousFile`.
 */
export async function toolFiles(tool: Tool, top: InspectedImage, call: QemuCall): Promise<ToolFiles> {
  const chain = chainOf(top);
  const parts = partsToGive(chain);
  const limits = {
    ...tool.limits,
    openFiles: Math.max(TOOL_LIMITS_DEFAULTS.openFiles, parts.files.length + OTHER_FILES),
  };
  const isInSandbox = await isConfined(tool, chain, call);
  if (!isInSandbox && parts.locked.length > 0 && (await findProgram(tool.command)) !== undefined) {
    const remedy =
      call.sandbox === 'off'
        ? wording`omit ${{ option: 'sandbox', value: 'off' }}`
        : 'run virt-similarity doctor to check the sandbox';
    throw readError(call, 'refused', wording`qemu gets a passphrase only in a sandbox; ${remedy}`);
  }
  const { names, ...given } = isInSandbox ? confinedFiles(parts) : await openFiles(parts, call);
  return { ...given, ...naming(parts, names), tool: { ...tool, limits } };
}

/** What a tool receives: files, generated texts in place of VMDK descriptors, and passphrases. */
interface Parts {
  readonly files: readonly (ExpectedFile & { readonly isDevice: boolean; readonly image?: InspectedImage })[];
  /** The images whose text descriptors are replaced by generated texts. */
  readonly described: readonly InspectedImage[];
  /** The images that the tool decrypts. Their passphrases are given like texts, after the generated texts. */
  readonly locked: readonly (InspectedImage & { readonly passphrase: Passphrase })[];
}

/** The names of the parts, as the tool sees them. */
interface Names {
  file(index: number): string;
  text(index: number): string;
}

function partsToGive(chain: readonly InspectedImage[]): Parts {
  // A VMDK with a descriptor can also be mapped as a raw image, to find the holes of its files.
  const isDescribed = ({ format, descriptor }: InspectedImage) => format !== 'raw' && descriptor !== undefined;
  const files = chain.flatMap((image) => {
    const volatile = hasVolatileContent(image) && ({ volatile: true } as const);
    return [
      ...(isDescribed(image) ? [] : [{ stamp: image.file, isDevice: image.isDevice, image, ...volatile }]),
      ...image.extentFiles.map((stamp) => ({ stamp, isDevice: false, ...volatile })),
    ];
  });
  return { files, described: chain.filter(isDescribed), locked: chain.filter(hasPassphrase) };
}

function hasPassphrase(image: InspectedImage): image is Parts['locked'][number] {
  return image.passphrase !== undefined;
}

function textsOf({ files, described, locked }: Parts, names: Names): Uint8Array[] {
  const nameOf = (stamp: FileStamp) => names.file(files.findIndex((file) => file.stamp === stamp));
  return [
    ...described.map(({ descriptor, extentFiles }) => vmdkDescriptorText(descriptor!, extentFiles.map(nameOf))),
    ...locked.map(({ passphrase }) => passphrase.reveal()),
  ];
}

function naming(
  { files, described, locked }: Parts,
  names: Names,
): Pick<ToolFiles, 'nameOf' | 'secretOf' | 'secretArguments' | 'withPaths'> {
  const images = new Map<InspectedImage, string>();
  const paths = new Map<string, string>();
  files.forEach(({ stamp, image }, index) => {
    paths.set(names.file(index), stamp.path);
    if (image !== undefined) {
      images.set(image, names.file(index));
    }
  });
  described.forEach((image, index) => {
    paths.set(names.text(index), image.file.path);
    images.set(image, names.text(index));
  });
  return {
    nameOf: (image) => images.get(image)!,
    secretOf: (image) => (hasPassphrase(image) ? `secret${locked.indexOf(image)}` : undefined),
    secretArguments: locked.flatMap((_, index) => [
      '--object',
      `secret,id=secret${index},file=${names.text(described.length + index)}`,
    ]),
    withPaths: (text) => text.replace(/\/[\w/]+\/\d+/g, (name) => paths.get(name) ?? name),
  };
}

type Given = Pick<ToolFiles, 'access' | 'close'> & { readonly names: Names };

function confinedFiles(parts: Parts): Given {
  const names: Names = { file: sandboxName, text: sandboxTextName };
  const files = parts.files.map(({ stamp: { path, device, inode }, isDevice: isBlockDevice }) => ({
    path,
    device,
    inode,
    isBlockDevice,
  }));
  const view = { ...EMPTY_VIEW, files, texts: textsOf(parts, names) };
  return { access: { view }, names, close: async () => {} };
}

async function openFiles(parts: Parts, call: QemuCall): Promise<Given> {
  const names: Names = {
    file: (index) => `/proc/self/fd/${FIRST_DESCRIPTOR + index}`,
    text: (index) => `/proc/self/fd/${FIRST_DESCRIPTOR + parts.files.length + index}`,
  };
  const stored = new StoredBytes(parts.files, call);
  const texts: AnonymousFile[] = [];
  const close = async () => {
    await stored.close();
    await Promise.all(texts.map((text) => text.close()));
  };
  try {
    const open: number[] = [];
    for (const index of parts.files.keys()) {
      open.push(await stored.descriptor(index));
    }
    for (const text of textsOf(parts, names)) {
      texts.push(await makeAnonymousFile(text));
    }
    const contents = [...open, ...texts.map(({ fd }) => fd)];
    const descriptors = new Map<number, DescriptorContent>(
      contents.map((content, index) => [FIRST_DESCRIPTOR + index, content]),
    );
    return { access: { descriptors }, names, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
