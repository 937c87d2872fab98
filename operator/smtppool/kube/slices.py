"""Short turns at the processor, for programs that do little at a time and must not be late.

From Linux 6.12 on a thread may say how long its turns shall be. One with short turns comes sooner and gets no more in
sum, and needs no privilege for it. Older kernels take no notice. `python3 -m smtppool.kube.slices COMMAND...` starts
another program that way.
"""

import ctypes
import os
import platform
import sys
from typing import Final

TURN_NS: Final = 100_000  # the shortest that the kernel takes (sched_setattr(2): 100 us to 100 ms)
_NUMBERS: Final = {"x86_64": 314, "aarch64": 274}  # of the system call; glibc has a function for it from 2.41 on only
_SIZE: Final = 48  # bytes of the structure's first version (SCHED_ATTR_SIZE_VER0)


class _Attributes(ctypes.Structure):
    """struct sched_attr of linux/sched/types.h."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),  # 0: SCHED_OTHER
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),  # of SCHED_OTHER: nanoseconds of a turn
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def shorten() -> bool:
    """Short turns for this thread and all that it starts from now on; False where the kernel does not do it."""
    number = _NUMBERS.get(platform.machine())
    if number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    wanted = _Attributes(size=_SIZE, nice=os.getpriority(os.PRIO_PROCESS, 0), runtime=TURN_NS)
    done: int = ctypes.CDLL(None).syscall(number, 0, ctypes.byref(wanted), 0)
    return done == 0


if __name__ == "__main__":
    shorten()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the container's own command
