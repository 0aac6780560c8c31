/** Where libguestfs keeps the appliance that it builds once for all programs, unless told otherwise. */
const APPLIANCES = '/var/tmp';

/** Directories that a command is given for what it writes besides its results. */
export interface OwnDirectories {
  readonly home: string;
  readonly temporary: string;
  /** Of sockets. */
  readonly runtime: string;
}

/** The environment of a command under test: of the user's own, only what finds programs and the appliance. */
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
