"""A tool that runs hostile code: tries to escape its sandbox, and prints the actions that succeeded as JSON.

Arguments: the id of the host process that started the tool, and the only directory that the tool is allowed to write to.
"""

import ctypes
import errno
import json
import os
import platform
import socket
import stat
import sys

host_pid, writable = int(sys.argv[1]), sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)
is_x64 = platform.machine() == "x86_64"
found = []


def attempt(what, action):
    """Records an action that did not fail."""
    try:
        action()
        found.append(what)
    except OSError:
        pass


def call(name, x64, arm64, *arguments):
    """Records a system call that the filter did not deny: denied calls fail with EPERM or ENOSYS."""
    number = x64 if is_x64 else arm64
    if number is None:
        return
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(each) if isinstance(each, int) else each for each in arguments])
    if result >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        found.append(f"{name}: {result} {errno.errorcode.get(ctypes.get_errno())}")


# Writing: tries to create a file in every directory and to open every file for writing. Omits a few large directories,
# most of /proc, and the writable directory.
for directory, names, files in os.walk("/"):
    if directory.startswith(("/usr/share", "/usr/lib", "/sys")) or directory == writable:
        names.clear()
        continue
    if directory == "/proc":
        names[:] = [name for name in names if name in ("sys", "bus", "irq", "fs", "driver", "1", str(os.getpid()))]
    if directory.endswith(("/task", "/net", "/map_files", "/fdinfo")):
        names.clear()
    attempt(f"creates a file in {directory}", lambda: os.close(os.open(f"{directory}/x", os.O_CREAT | os.O_WRONLY)))
    for path in (f"{directory}/{name}" for name in files):
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode):
            attempt(f"opens {path} for writing", lambda: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)))
for path in ("/image/00000", "/text/0"):
    attempt(f"changes the mode of {path}", lambda: os.chmod(path, 0o777))
    attempt(f"changes the times of {path}", lambda: os.utime(path, (0, 0)))
    attempt(f"removes {path}", lambda: os.remove(path))
for path, text in (("/proc/sys/kernel/core_pattern", "|/x"), ("/proc/sysrq-trigger", "h"), ("/proc/self/oom_score_adj", "0")):
    attempt(f"writes to {path}", lambda: open(path, "w").write(text))

# Reading files of the host.
for path in ("/etc/passwd", "/etc/shadow", "/root", "/home", "/proc/1/root/etc/passwd", f"/proc/{host_pid}/environ"):
    attempt(f"reads {path}", lambda: os.listdir(path) if os.path.isdir(path) else open(path).read())

# Inherited descriptors and variables, also of the other processes that the tool sees.
for pid in (name for name in os.listdir("/proc") if name.isdigit()):
    try:
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
            # The process of the sandbox has sockets and events, which the tool cannot open.
            kinds = ("/proc/", "pipe:") if pid == str(os.getpid()) else ("/proc/", "pipe:", "socket:", "anon_inode:")
            is_known = target == "/dev/null" or target.startswith(kinds)
            if int(descriptor) > 2 and not is_known:
                found.append(f"descriptor {descriptor} of {pid}: {target}")
        variables = open(f"/proc/{pid}/environ").read().split("\0")
    except OSError:
        continue
    for variable in variables:
        if variable and variable.split("=")[0] not in ("PATH", "TMPDIR", "LC_ALL", "MALLOC_ARENA_MAX", "PWD", "OLDPWD", "_"):
            found.append(f"variable of {pid}: {variable}")

# Other processes.
attempt("signals the host", lambda: os.kill(host_pid, 0))

# Sockets.
for family, kind in (("AF_INET", socket.SOCK_STREAM), ("AF_INET", socket.SOCK_RAW), ("AF_INET6", socket.SOCK_DGRAM), ("AF_NETLINK", socket.SOCK_RAW), ("AF_PACKET", socket.SOCK_RAW), ("AF_VSOCK", socket.SOCK_STREAM), ("AF_ALG", socket.SOCK_SEQPACKET)):
    attempt(f"opens a socket of {family}", lambda: socket.socket(getattr(socket, family), kind).close())

# System calls: name, number on x86-64, on arm64, arguments.
NEW_USER, NEW_NS = 0x10000000, 0x00020000
buffer = ctypes.create_string_buffer(256)
call("mount", 165, 40, b"none", b"/tmp", b"tmpfs", 0, 0)
call("umount2", 166, 39, b"/usr", 2)
call("unshare user", 272, 97, NEW_USER)
call("unshare mounts", 272, 97, NEW_NS)
call("clone user", 56, 220, NEW_USER | 17, 0, 0, 0, 0)
call("setns", 308, 268, 0, 0)
call("chroot", 161, 51, b"/tmp")
call("pivot_root", 155, 41, b"/", b"/tmp")
call("open_tree", 428, 428, -100, b"/", 1)
call("fsopen", 430, 430, b"tmpfs", 0)
call("ptrace", 101, 117, 16, 1, 0, 0)
call("process_vm_readv", 310, 270, 1, 0, 0, 0, 0, 0)
call("kcmp", 312, 272, 1, 1, 0, 0, 0)
call("keyctl", 250, 219, 0, -3, 1)
call("add_key", 248, 217, b"user", b"x", b"x", 1, -3)
call("request_key", 249, 218, b"user", b"x", 0, -3)
call("bpf", 321, 280, 0, buffer, 48)
call("perf_event_open", 298, 241, buffer, 0, -1, -1, 0)
call("userfaultfd", 323, 282, 1)
call("io_uring_setup", 425, 425, 1, buffer)
call("name_to_handle_at", 303, 264, -100, b"/usr", buffer, buffer, 0)
call("open_by_handle_at", 304, 265, 0, buffer, 0)
call("mknod", 259, 33, -100, b"/tmp/x", 0o020666, 0x0103)
call("init_module", 175, 105, buffer, 0, b"")
call("kexec_load", 246, 104, 0, 0, 0, 0)
call("reboot", 169, 142, 0, 0, 0, 0)
call("swapon", 167, 224, b"/image/00000", 0)
call("syslog", 103, 116, 3, buffer, 256)
call("personality", 135, 92, 0x0040000)
call("sethostname", 170, 161, b"x", 1)
call("openat2", 437, 437, -100, b"/usr", buffer, 24)
if is_x64:
    call("iopl", 172, None, 3)
    call("modify_ldt", 154, None, 0, buffer, 16)
    call("x32 getpid", 0x40000000 | 39, None)

print(json.dumps(found))
