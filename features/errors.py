"""The errors that are the user's to mend; anything else is a bug and keeps its traceback."""


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


class TooLittleHistoryError(WaystationError):
    """What is held does not suffice to learn or to say anything."""
