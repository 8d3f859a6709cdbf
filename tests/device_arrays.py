"""Stand-ins for the arrays of a device, with what a guard may look at and nothing more."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Sharding:
    """As equal as JAX's are: by what they mean, not by how they are written."""

    written: str = "replicated"
    means: str = "replicated"
    device_set: frozenset[str] = frozenset({"tpu:0"})
    mesh: str | None = "engine's"

    def __str__(self) -> str:
        return self.written

    def is_equivalent_to(self, other: "Sharding", axes: int) -> bool:
        return axes > 0 and self.means == other.means


@dataclass
class Shard:
    address: int

    @property
    def data(self) -> "Shard":
        return self

    def unsafe_buffer_pointer(self) -> int:
        return self.address


@dataclass(eq=False)
class DeviceArray:
    """What the guard sees of a JAX array."""

    values: npt.NDArray[Any]
    sharding: Sharding = field(default_factory=Sharding)
    weak_type: bool = False
    deleted: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.values.dtype

    @property
    def addressable_shards(self) -> list[Shard]:
        if self.deleted:
            raise RuntimeError("Array has been deleted.")
        return [Shard(id(self.values))]

    def is_deleted(self) -> bool:
        return self.deleted

    def __array__(self, dtype: Any = None, copy: Any = None) -> npt.NDArray[Any]:
        raise AssertionError("the guard copies an array to the host")

    def __eq__(self, other: object) -> Any:
        return self.values == (other.values if isinstance(other, DeviceArray) else other)

    def __ne__(self, other: object) -> Any:
        return self.values != (other.values if isinstance(other, DeviceArray) else other)

    __hash__ = object.__hash__


@dataclass
class Placeholder:
    shape: tuple[int, ...] = (4,)
    dtype: str = "float32"
