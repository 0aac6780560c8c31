/** The default location of the appliance that libguestfs builds once for all programs. */
const APPLIANCES = '/var/tmp';

/** Directories for the files that a command writes besides its results. */
export interface OwnDirectories {
  readonly home: string;
  readonly temporary: string;
  /** The directory for sockets. */
  readonly runtime: string;
}

/** Returns the environment of a command under test. It inherits only `PATH` and the variables of libguestfs. */
export function stagedEnvironment({ home, temporary, runtime }: OwnDirectories): NodeJS.ProcessEnv {
  const { PATH, LIBGUESTFS_BACKEND, LIBGUESTFS_BACKEND_SETTINGS, LIBGUESTFS_CACHEDIR = APPLIANCES } = process.env;
  return {
    PATH,
    LIBGUESTFS_BACKEND,
    LIBGUESTFS_BACKEND_SETTINGS,
    LIBGUESTFS_CACHEDIR,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    HOME: home,
    TMPDIR: temporary,
    XDG_RUNTIME_DIR: runtime,
  };
}
