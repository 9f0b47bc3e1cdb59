"""The errors that are the user's to mend; anything else is a bug and keeps its traceback."""

import errno

OF_THE_DISK = frozenset(
    {
        errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EISDIR, errno.ENOTDIR, errno.ENOENT,
        errno.ENAMETOOLONG, errno.ELOOP,
    }
)  # fmt: skip


class WaystationError(Exception):
    """Something the user can mend: says what is wrong, where, what was expected and what to do."""


class SchemaError(WaystationError):
    """A table does not follow the data contract as a whole, for instance a required column is absent."""


class ConfigError(WaystationError):
    """A configuration or mapping file asks for something that does not exist or cannot be."""


class StoreError(WaystationError):
    """The history store or a snapshot cannot be opened, or is not what it claims to be."""


class ArtifactError(WaystationError):
    """A saved model is absent, incomplete or not the one it claims to be."""


class UnfitModelError(ArtifactError):
    """A saved model was learned from other maps or levels than are drawn now; it has to be trained again."""


class TooLittleHistoryError(WaystationError):
    """What is held does not suffice to learn or to say anything."""


def sentence(error: WaystationError | OSError) -> str | None:
    """What to tell the user: of ours its text, of a file that cannot be had which and why; None where it is a bug."""
    if isinstance(error, WaystationError):
        return str(error)
    if error.errno not in OF_THE_DISK or error.filename is None:
        return None
    return (
        f"{error.filename}: {error.strerror}; see that file and folder are there and yours to read and write, "
        "and that the disk has room."
    )
