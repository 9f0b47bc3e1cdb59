"""What is asked of the history store by an answer: where the store fails, the answer is that it cannot be given now."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from features.errors import StoreError
from serving.problems import ProblemError


@contextmanager
def store_answers() -> Iterator[None]:
    """ProblemError in place of whatever the store fails with inside, which the command line tells."""
    try:
        yield
    except StoreError as error:
        raise ProblemError("store_unavailable") from error
    except sa.exc.SQLAlchemyError:  # whose text may hold what was asked for
        raise ProblemError("store_unavailable") from None
