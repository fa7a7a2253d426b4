"""Tells files on network file systems from those on this machine."""

from __future__ import annotations

import os
import re

_MOUNTS = "/proc/self/mountinfo"  # Linux; see proc_pid_mountinfo(5)
_ON_NETWORK = frozenset(
    {"9p", "afs", "ceph", "cifs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "virtiofs"}
)
_FUSE_ON_NETWORK = ("fuse.sshfs", "fuse.gluster", "fuse.s3", "fuse.rclone", "fuse.ceph")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def is_on_network(path: str, mounts: str = _MOUNTS) -> bool:
    """Whether the file is on a file system of another machine. False where the system does not say."""
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return False
    place, kind = "", ""
    real = os.path.realpath(path)
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[4])
        if len(point) >= len(place) and (real == point or real.startswith(f"{point.rstrip('/')}/")):
            place, kind = point, after.split(" ")[0]
    return kind in _ON_NETWORK or kind.startswith(_FUSE_ON_NETWORK)
