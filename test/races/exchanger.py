"""Exchanges files, links and directories while a command uses them.

Reads one request per line from standard input, as JSON:

  {"exchanges": [{"first": PATH, "second": PATH, "watch": [PATH, ...], "steps": [[EVENTS, MICROSECONDS], ...],
                  "created": false}, ...]}

Each step waits for a number of inotify events on the watched files and directories, then for a number of microseconds,
and exchanges the two names atomically. With `created`, `first` is a directory, and each file created in it is
exchanged. The line `armed` is printed once all files are watched. When the line `stop` arrives, every pair is restored,
and one line of JSON is printed, with the numbers of exchanges and of events of each pair.
"""

import ctypes
import json
import os
import select
import struct
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
RENAME_EXCHANGE = 2
# IN_ACCESS, IN_MODIFY, IN_CLOSE_WRITE, IN_CLOSE_NOWRITE, IN_OPEN, IN_CREATE. No moves, since the exchanges are moves.
IN_CREATE = 0x100
MASK = 0x1 | 0x2 | 0x8 | 0x10 | 0x20 | IN_CREATE
EVENT = struct.Struct('iIII')
# The number of rounds of the loop after which standard input is checked.
ROUNDS = 500


class Exchange:
    def __init__(self, first, second, watch, steps, created):
        self.first = os.fsencode(first)
        self.second = os.fsencode(second)
        self.watch = watch
        self.steps = steps
        self.directory = self.first if created else None
        self.seen = 0
        self.done = 0
        self.begin(waiting=created)

    def begin(self, waiting=False):
        self.next_step = 0
        self.due = None
        self.waiting_for = None if waiting else self.steps[0][0]
        if self.waiting_for == 0:
            self.schedule()

    def on_event(self, mask, name):
        self.seen += 1
        if self.directory is not None and mask & IN_CREATE:
            self.first = self.directory + b'/' + name
            self.begin()
            return
        if self.waiting_for is None or self.due is not None:
            return
        self.waiting_for -= 1
        if self.waiting_for == 0:
            self.schedule()

    def schedule(self):
        delay = self.steps[self.next_step][1]
        if delay == 0:
            self.step()
        else:
            self.due = time.perf_counter_ns() + delay * 1000

    def step(self):
        self.exchange()
        self.due = None
        self.next_step += 1
        if self.next_step == len(self.steps):
            self.waiting_for = None
            return
        self.waiting_for = self.steps[self.next_step][0]
        if self.waiting_for == 0:
            self.schedule()

    def exchange(self):
        if LIBC.renameat2(AT_FDCWD, self.first, AT_FDCWD, self.second, RENAME_EXCHANGE) == 0:
            self.done += 1
        # Fails if the command has removed one of the two. The caller compares the tree afterwards.

    def restore(self):
        if self.done % 2 == 1:
            self.exchange()


def watch_all(inotify, exchanges):
    watchers = {}
    for exchange in exchanges:
        for path in exchange.watch:
            watch = LIBC.inotify_add_watch(inotify, os.fsencode(path), MASK)
            if watch < 0:
                raise OSError(ctypes.get_errno(), 'inotify_add_watch', path)
            watchers.setdefault(watch, []).append(exchange)
    return watchers


def read_events(inotify):
    try:
        data = os.read(inotify, 65536)
    except BlockingIOError:
        return []
    events = []
    offset = 0
    while offset < len(data):
        watch, mask, _, length = EVENT.unpack_from(data, offset)
        offset += EVENT.size
        events.append((watch, mask, data[offset : offset + length].rstrip(b'\0')))
        offset += length
    return events


def race(exchanges, commands):
    inotify = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    watchers = watch_all(inotify, exchanges)
    print('armed', flush=True)
    rounds = 0
    try:
        while True:
            for watch, mask, name in read_events(inotify):
                for exchange in watchers.get(watch, ()):
                    exchange.on_event(mask, name)
            now = time.perf_counter_ns()
            for exchange in exchanges:
                if exchange.due is not None and exchange.due <= now:
                    exchange.step()
            rounds += 1
            if rounds % ROUNDS == 0 and select.select([commands], [], [], 0)[0]:
                commands.readline()
                return
    finally:
        for exchange in exchanges:
            exchange.restore()
        os.close(inotify)


def main():
    commands = sys.stdin
    while line := commands.readline():
        exchanges = [Exchange(**each) for each in json.loads(line)['exchanges']]
        race(exchanges, commands)
        print(json.dumps([{'exchanged': each.done, 'events': each.seen} for each in exchanges]), flush=True)


main()
