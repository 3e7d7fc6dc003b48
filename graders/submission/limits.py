"""How much of a submission is read; an honest one is far below."""

# A notebook or a script, in an archive or not.
SIZE_LIMIT_MB = 64.0
# An archive, as it is; a tar also unpacked, because all of it must be to find a file in it.
ARCHIVE_LIMIT_MB = 256.0
MEMBERS_LIMIT = 10_000
