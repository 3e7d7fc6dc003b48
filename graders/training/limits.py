"""How large the trainings of an assignment may be."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from graders.training.request import Cap


class Limits(BaseModel):
    """The largest trainings that an assignment allows; `[training]` of assignment.toml."""

    model_config = ConfigDict(extra="forbid")

    trainings: int = Field(default=200, gt=0, description="calls of fit in one submission")
    parameters: int = Field(default=20_000_000, gt=0, description="of one network")
    epochs: int = Field(default=1000, gt=0, description="of one call of fit")
    megabytes: float = Field(default=2000.0, gt=0, description="data of one call, as float32")
    operations: float = Field(
        default=1e14, gt=0, description="multiplications of all trainings of one submission"
    )
    seconds: float = Field(default=1800.0, gt=0, description="wall time of one training")
    gigabytes: float = Field(default=8.0, gt=0, description="memory of one training")
    capped_epochs: int = Field(default=3, gt=0, description="epochs with --training capped")
    capped_samples: int = Field(default=10_000, gt=0, description="items with --training capped")

    @property
    def cap(self) -> Cap:
        """The bounds of `--training capped`."""
        return Cap(epochs=self.capped_epochs, samples=self.capped_samples)
