"""How much of a submission, and of a class's download, is read; an honest one is far below."""

from __future__ import annotations

from dataclasses import dataclass

# A notebook or a script, in an archive or not.
SIZE_LIMIT_MB = 64.0
# An archive, as it is; a tar also unpacked, because all of it must be to find a file in it.
ARCHIVE_LIMIT_MB = 256.0
MEMBERS_LIMIT = 10_000

# What may lie beside the file that is run: helper modules, data.
BESIDE_FILES = 200
BESIDE_FILE_MB = 20.0
BESIDE_MB = 50.0

# Entries of one student's folder that are looked at.
ENTRIES_LIMIT = 20_000


@dataclass(frozen=True)
class Bounds:
    """What an archive may be."""

    # As it is; of a tar also unpacked.
    megabytes: float
    members: int
    # Of a zip's list of members, which is read at once.
    list_bytes: int


STUDENTS = Bounds(ARCHIVE_LIMIT_MB, MEMBERS_LIMIT, 4_000_000)
# Three thousand students with an environment each would be beyond it, three hundred are not.
WHOLE_CLASS = Bounds(64_000.0, 300_000, 80_000_000)
# Of one student's files that are unpacked from a class's download.
UNPACKED_FILES, UNPACKED_MB = 1_000, 600.0
# Left free on the disk that a class is unpacked to.
SPARE_MB = 1_000.0
