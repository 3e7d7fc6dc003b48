"""What all of them share."""

from __future__ import annotations

import errno

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}


def is_about_the_disk(error: BaseException) -> bool:
    """Whether the disk takes no more, which is nobody's submission's fault."""
    return isinstance(error, OSError) and error.errno in _DISK


class TensormarkError(Exception):
    """Something went wrong that a person can understand and mend."""
