"""What a run leaves behind: the models of `recording.json`.

The runner fills them, the checks read them, and neither side imports the other. Arrays stand
beside the JSON as `.npy` files, referred to by name. Every list and text is bounded by
`Limits`; what was cut is said in `Recording.cuts`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

SCHEMA_VERSION: Literal[1] = 1

# A shape as Keras prints it: None is the free batch dimension.
Shape = list[int | None]
# Where the weights of a training began: fresh from their initializers, where an earlier training of
# the same submission left them, partly so (transfer), or with values that were brought along.
TrainingStart = Literal["fresh", "continued", "transferred", "given"]
# Where the pixels of an item lie: as they were served, or all items rearranged in one known way.
# Scrambled: `reshape(784, -1).T` gives (n, 784) too, but each row mixes pixels of many images.
Layout = Literal["in place", "transposed", "mirrored", "upside down", "turned", "scrambled"]
# How values were drawn: joined by a line, as separate points, or as bars.
CurveKind = Literal["line", "points", "bars"]
# Scores by metric name. Keras writes NaN when a training diverged; JSON has no NaN, so None.
Scores = dict[str, float | None]


def _with_names(repeats: Any) -> Any:
    """Read what was kept before there were several test sets: the test accuracy alone."""
    if not isinstance(repeats, list):
        return repeats
    return [{"test_accuracy": r} if isinstance(r, int | float) else r for r in repeats]


# What further attempts of a training were measured at.
Repeats = Annotated[list[Scores | None], BeforeValidator(_with_names)]


class Model(BaseModel):
    """Base of all records: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="null")


class Limits(Model):
    """How much a run may leave behind, and how long it may take."""

    seconds: Annotated[float, Field(gt=0)] = 1800.0
    output_characters: int = 20_000  # per cell, head and tail kept
    trainings: int = 200
    networks: int = 300
    calls: int = 400
    arrays: int = 400
    array_bytes: int = 8_000_000
    values: int = 1000
    text_characters: int = 10_000
    figures: int = 60
    files: int = 300
    points_per_line: int = 500


class Cell(Model):
    """One cell of the submission, and what became of it."""

    index: int = Field(description="position in the submission, from 0")
    kind: Literal["code", "markdown"]
    source: str
    exercise: str | None = Field(default=None, description="the exercise it belongs to, if known")
    role: Literal["code", "text", "task"] | None = None


class CellOutcome(Model):
    """What happened when a code cell ran."""

    index: int
    status: Literal["ok", "error", "skipped"]
    seconds: float = 0.0
    output: str = Field(default="", description="stdout, stderr and displayed values, trimmed")
    error_type: str | None = None
    error_message: str | None = None
    traceback: str | None = Field(default=None, description="the student's frames only")


class LayerRecord(Model):
    """One layer of a network, names stripped."""

    type: str = Field(description="Keras class name, such as Dense")
    config: dict[str, Any] = Field(default_factory=dict, description="the layer's own settings")
    inputs: list[int] = Field(default_factory=list, description="positions of the layers before")
    output_shape: Shape | None = None
    parameters: int = 0
    trainable: int = Field(default=0, description="trainable parameters")


class CompileRecord(Model):
    """How a network was compiled."""

    optimizer: str = Field(description="class name, such as SGD")
    optimizer_config: dict[str, Any] = Field(default_factory=dict)
    learning_rate: float | None = None
    loss: str = Field(default="", description="snake_case name, such as mse")
    loss_config: dict[str, Any] = Field(default_factory=dict)
    metrics: list[str] = Field(default_factory=list)


class NetworkRecord(Model):
    """A network in one state of construction."""

    id: int
    model: int = Field(description="number of the Keras object; one object can have many states")
    cell: int | None = None
    kind: str = Field(description="Sequential, Functional or Subclass")
    chain: bool = Field(default=True, description="layers follow each other without branches")
    layers: list[LayerRecord]
    parameters: int = 0
    trainable: int = 0
    compiled: CompileRecord | None = None
    names: list[str] = Field(default_factory=list, description="variables that held it at the end")
    custom_steps: int = Field(default=0, description="calls of train_on_batch, outside of fit")


class Origin(Model):
    """Where an array came from, found by comparing it with the data sets that were served."""

    data_set: str
    split: Literal["train", "test", "mixed"]
    order: Literal["first", "selected"] = Field(description="the first n items, or others")
    items: int = Field(description="distinct items of the split")
    scale: float | None = Field(description="array = scale * original + offset; None: unknown")
    offset: float | None
    by: Literal["values", "labels"] = "values"
    layout: Layout = "in place"


class DataRecord(Model):
    """An array that went into a training, an evaluation or a prediction."""

    digest: str = Field(description="SHA-256 of shape and float32 content")
    shape: list[int]
    dtype: str
    minimum: float | None
    maximum: float | None
    mean: float | None
    origin: Origin | None = None


class LabelRecord(Model):
    """The targets of a training, an evaluation or a validation."""

    shape: list[int]
    dtype: str
    one_hot: bool
    classes: int
    agreement: float | None = Field(
        default=None, description="share of labels that are the data set's own; None: unknown"
    )


class PairRecord(Model):
    """Inputs and targets as they were handed to Keras."""

    x: DataRecord | None = None
    y: LabelRecord | None = None
    form: str = Field(
        default="arrays", description="arrays, tf.data, flow (of an image generator) or other"
    )
    augmentation: dict[str, Any] | None = Field(
        default=None, description="settings of the image generator that drew from the inputs"
    )


class TrainingRecord(Model):
    """One call of fit."""

    id: int
    network: int
    model: int
    cell: int | None
    status: Literal["ok", "error", "interrupted", "skipped", "refused"] = Field(
        description="skipped: the grader wanted no training; refused: over the assignment's limits"
    )
    data: PairRecord
    validation: PairRecord | None = None
    validation_split: float = 0.0
    epochs: int = Field(description="epochs that this call ran")
    epochs_before: int = Field(description="epochs that the same weights had been trained before")
    batch_size: int | None
    steps_per_epoch: int | None = Field(default=None, description="as it was given to fit")
    steps: int | None = Field(
        default=None, description="steps of the optimizer in all epochs; under a cap, those asked"
    )
    history: dict[str, list[float | None]] = Field(default_factory=dict)
    seconds: float = 0.0
    measured: Scores = Field(
        default_factory=dict,
        description="accuracies after this fit, 0..1: test_accuracy, and of other test sets",
    )
    measured_by: Literal["", "grader"] = Field(
        default="",
        description="set on the trusted side alone; without it, `measured` and `predictions` are "
        "what the student's process claims",
    )
    predictions: str | None = Field(
        default=None, description="file with the predicted class of every test item, uint8"
    )
    repeats: Repeats = Field(
        default_factory=list,
        description="measured at further attempts with fresh seeds, by us; None: it failed",
    )
    trained: Literal["here", "trusted"] = Field(
        default="here", description="in the student's process, or by the grading process"
    )
    request: int | None = Field(
        default=None, description="number of the request that it became, or that measured it"
    )
    start: TrainingStart | None = None
    verified: bool = Field(
        default=False, description="by us, from its first step; set on the trusted side alone"
    )
    reused: bool = False
    fingerprint: str = ""
    capped: bool = False
    note: str = Field(default="", description="why it isn't verified")


class CallRecord(Model):
    """One call of evaluate or predict."""

    kind: Literal["evaluate", "predict"]
    model: int
    after_training: int | None = Field(description="id of the last fit of this model, if any")
    during: bool = Field(default=False, description="by a callback, while that fit went on")
    cell: int | None
    data: PairRecord
    scores: Scores = Field(default_factory=dict)
    predictions: str | None = Field(
        default=None,
        description="file with the classes of a predict over the test set, uint8",
    )


class ArrayRecord(Model):
    """An array that a variable held at the end."""

    shape: list[int]
    dtype: str
    file: str | None = Field(default=None, description="None where it was too large to keep")
    origin: Origin | None = None
    minimum: float | None = None
    maximum: float | None = None


class LineRecord(Model):
    """What was plotted in one call: a line, a set of points, or bars of one kind."""

    label: str | None = Field(
        description="its own, or what the legend says of its colour and style"
    )
    kind: CurveKind = "line"
    x: list[float | None]
    y: list[float | None] = Field(description="of bars: their heights")
    categories: list[str] = Field(
        default_factory=list,
        description="what the ticks say at each x, where they are labelled with texts; else empty",
    )


class AxesRecord(Model):
    """One pair of axes of a figure."""

    title: str = ""
    xlabel: str = Field(default="", description="its own, or that of axes that share its x axis")
    ylabel: str = Field(default="", description="its own, or that of axes that share its y axis")
    lines: list[LineRecord] = Field(default_factory=list)
    images: int = 0
    legend: list[str] = Field(default_factory=list)
    texts: list[str] = Field(default_factory=list, description="annotations inside the axes")


class FigureRecord(Model):
    """A figure that was shown, saved, closed, cleared, or left open at the end of a cell."""

    cell: int | None
    axes: list[AxesRecord]
    title: str = Field(default="", description="the title over all axes")
    legend: list[str] = Field(default_factory=list, description="of the figure as a whole")


class FileRecord(Model):
    """A file that the student's code wrote to its folder or read from there, once per cell."""

    id: int
    action: Literal["saved", "loaded"]
    kind: Literal["network", "weights", "arrays", "other"] = Field(
        description="network: layers and weights in one file; arrays: a file of a kind that holds "
        "numbers, such as .npy or .csv"
    )
    name: str = Field(description="relative to the folder, or that of many files, ending in /")
    size: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="in bytes, of all of them, at the end of the cell"
    )
    count: Annotated[int, Field(ge=1)] = Field(default=1, description="files")
    cell: int | None = None
    model: int | None = Field(default=None, description="the Keras object it was made of, or is")
    after_training: int | None = Field(
        default=None, description="id of the training that left these weights, if any"
    )
    optimizer: bool | None = Field(
        default=None, description="whether a network came with its optimizer; None for the rest"
    )
    saved_by: int | None = Field(
        default=None, description="id of the record that saved what was loaded; None: not this run"
    )


class AugmentationRecord(Model):
    """A source of randomly transformed images that the student's code has drawn from."""

    cell: int | None
    kind: Literal["generator", "layer"]
    name: str = Field(description="Keras class, such as ImageDataGenerator or RandomRotation")
    settings: dict[str, Any] = Field(default_factory=dict)
    shape: list[int] = Field(default_factory=list, description="of the array that it draws from")
    origin: Origin | None = Field(
        default=None, description="of what it was given; None: not recognised"
    )
    items: int = Field(default=0, description="images that were drawn outside of trainings")


class DataSetRecord(Model):
    """A data set that the runner served."""

    name: str
    source: str = Field(description="where it came from: data folder, Keras' cache, built-in")
    fingerprint: str
    loaded: int = Field(default=0, description="how often load_data() was called")


class EnvironmentRecord(Model):
    """Where the run took place."""

    python: str
    tensorflow: str
    keras: str
    platform: str
    device: str
    seed: int
    isolation: list[str] = Field(default_factory=list)


class Recording(Model):
    """Everything that checks may know about a submission's run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    status: Literal["running", "complete", "timeout", "stopped"] = "running"
    seconds: float = 0.0
    cells: list[Cell] = Field(default_factory=list)
    outcomes: list[CellOutcome] = Field(default_factory=list)
    networks: list[NetworkRecord] = Field(default_factory=list)
    trainings: list[TrainingRecord] = Field(default_factory=list)
    calls: list[CallRecord] = Field(default_factory=list)
    arrays: dict[str, ArrayRecord] = Field(default_factory=dict)
    values: dict[str, Any] = Field(
        default_factory=dict, description="numbers, texts, and small lists and dicts of them"
    )
    figures: list[FigureRecord] = Field(default_factory=list)
    files: list[FileRecord] = Field(default_factory=list)
    augmentations: list[AugmentationRecord] = Field(default_factory=list)
    data_sets: list[DataSetRecord] = Field(default_factory=list)
    skipped_commands: list[str] = Field(
        default_factory=list, description="shell escapes and installs that weren't run"
    )
    environment: EnvironmentRecord | None = None
    cuts: list[str] = Field(default_factory=list)
