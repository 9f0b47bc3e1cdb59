"""The kinds of arrays that go through the house."""

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int32]  # since 1970-01-01
Codes = npt.NDArray[np.int32]  # places in a list of words
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
