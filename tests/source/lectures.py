"""The assignments' notebooks as the tests see them: what each is made of, its text, its answers,
and running it.
"""

from __future__ import annotations

import fcntl
import functools
import importlib
import re
import runpy
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from courses.course import folder_of_the_run
from nbclient import NotebookClient

from autograder.authoring.build import solved_notebook
from autograder.authoring.text import AuthoredCell, Text, read_text
from docs.errata_page import errata

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Lecture:
    """What is expected of one notebook."""

    name: str
    exercises: tuple[str, ...]  # in their order
    widgets: int  # cells that show one
    tables: int  # demonstrations that print and draw nothing
    accuracy: int | None = None  # percent, promised for the default images and reached
    cost: bool = False  # instead of an accuracy a cost a letter is promised, and not exceeded
    wordless: frozenset[str] = frozenset()  # ideas without a formula: they ask to find an error
    several: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # exercises with other answers than their name

    @property
    def stubs(self) -> tuple[str, ...]:
        """The answers, in their order."""
        return tuple(stub for name in self.exercises for stub in self.several.get(name, (name,)))

    @functools.cached_property
    def text(self) -> Text:
        """The notebook's source."""
        return read_text(ROOT / "source" / self.name / f"{self.name}.md", f"{self.name}.md")

    @functools.cached_property
    def answers(self) -> dict[str, Any]:
        """The reference's functions."""
        return runpy.run_path(str(ROOT / "solutions" / f"{self.name}.py"))

    @functools.cached_property
    def errata(self) -> list[str]:
        """What is said of old notes: in the appendix, and in the boxes that are left to readers."""
        return [one.text for one in errata(self.name)]

    def said(self, *phrases: str) -> None:
        """One erratum holds all the phrases."""
        assert any(all(phrase in one for phrase in phrases) for one in self.errata), phrases

    def somewhere(self, phrase: str) -> None:
        """Some lecture cell says it."""
        assert any(phrase in cell.source for cell in self.text.cells if cell.kind == "markdown"), (
            phrase
        )

    def around(self, name: str) -> tuple[list[AuthoredCell], list[AuthoredCell]]:
        """The cells of an exercise before its stub (from its heading on) and after it (up to the
        next heading).
        """
        cells = self.text.cells

        def heading(cell: AuthoredCell) -> bool:
            return cell.kind == "markdown" and cell.source.startswith("##")

        answers = self.several.get(name, (name,))
        stub = next(
            k for k, cell in enumerate(cells) if cell.kind == "solution" and cell.name == answers[0]
        )
        first = next(k for k in range(stub, -1, -1) if heading(cells[k]))
        last = next((k for k in range(stub, len(cells)) if heading(cells[k])), None)
        return list(cells[first:stub]), list(cells[stub + len(answers) : last])


LECTURES = {
    lecture.name: lecture
    for lecture in (
        Lecture(
            "svm",
            (
                "L_i_vectorized",
                "margin_violations",
                "zero_one_counterexample",
                "svm_loss_naive",
                "eval_numerical_gradient",
                "rel_error",
                "grad_check_sparse",
                "svm_loss",
                "svm_loss_vectorized",
                "notes_errata",
                "squared_hinge_loss",
                "expected_initial_loss",
                "scaling_experiment",
                "rescale_margin",
                "preprocess",
                "LinearSVM",
                "is_at_boundary",
                "coarse_to_fine_search",
                "svm_loss_torch",
            ),
            widgets=8,
            tables=1,
            accuracy=40,
            wordless=frozenset({"zero_one_counterexample", "notes_errata"}),
        ),
        Lecture(
            "softmax",
            (
                "softmax",
                "logsumexp",
                "log_softmax",
                "softmax_loss_naive",
                "softmax_loss",
                "softmax_loss_vectorized",
                "softmax_jacobian",
                "softmax_vjp",
                "expected_initial_loss",
                "initial_loss_ok",
                "Softmax",
                "label_smoothing_loss",
                "overfit_small",
                "sgd",
                "sgd_momentum",
                "rmsprop",
                "adam",
                "adamw",
                "update_ratio",
                "train_with_monitor",
                "diagnose_lr",
                "warmup_cosine_decay",
                "newton_step",
                "newton_counterexample",
                "hessian_bytes",
                "lbfgs_direction",
                "ema_update",
                "ema_corrected",
                "ema_memory",
                "average_predictions",
                "average_weights",
                "notes_errata",
                "softmax_regression_torch",
            ),
            widgets=16,
            tables=2,
            accuracy=42,
            wordless=frozenset({"notes_errata"}),
        ),
        Lecture(
            "backprop",
            (
                "add_gate",
                "mul_gate",
                "max_gate",
                "staged_sigmoid_neuron",
                "topological_sort",
                "Value",
                "grad",
                "unbroadcast",
                "broadcast_add_backward",
                "gate_claims",
                "affine_forward",
                "affine_backward",
                "relu",
                "leaky_relu",
                "softmax_loss",
                "TwoLayerNet",
                "batchnorm_forward",
                "batchnorm_backward",
                "batchnorm_backward_alt",
                "batchnorm_impostor",
                "layernorm",
                "dropout",
                "FullyConnectedNet",
                "init_weights",
                "overfit_small",
                "gradient_check_model",
                "hessian_vector_product",
                "gradient_accumulate",
                "HingeLoss",
            ),
            widgets=13,
            tables=0,
            accuracy=58,
            wordless=frozenset({"gate_claims"}),
            several={
                "add_gate": ("add_forward", "add_backward"),
                "mul_gate": ("mul_forward", "mul_backward"),
                "max_gate": ("max_forward", "max_backward"),
                "staged_sigmoid_neuron": (
                    "staged_sigmoid_neuron",
                    "staged_sigmoid_neuron_backward",
                ),
                "relu": ("relu_forward", "relu_backward"),
                "leaky_relu": ("leaky_relu_forward", "leaky_relu_backward"),
                "layernorm": ("layernorm_forward", "layernorm_backward"),
                "dropout": ("dropout_forward", "dropout_backward"),
            },
        ),
        Lecture(
            "cnn",
            (
                "conv_forward_naive",
                "conv_backward_naive",
                "output_sizes",
                "network_summary",
                "resnet_param_count",
                "max_pool",
                "avg_pool",
                "im2col",
                "conv_im2col",
                "conv_forward_dilated",
                "conv_transpose",
                "conv_forward_fft",
                "conv_cost",
                "strassen_matmul",
                "winograd",
                "receptive_field",
                "stack_params",
                "separable",
                "residual_block",
                "spatial_batchnorm",
                "spatial_groupnorm",
                "ThreeLayerConvNet",
                "random_flip_crop",
                "ResidualBlock",
                "Bottleneck",
                "DenseBlock",
                "InceptionModule",
                "conv_claims",
                "train_cnn",
                "hdf5",
            ),
            widgets=12,
            tables=1,
            accuracy=76,
            wordless=frozenset({"conv_claims"}),
            several={
                "output_sizes": (
                    "conv_output_size",
                    "same_padding",
                    "conv_param_count",
                    "pool_output_size",
                ),
                "max_pool": ("max_pool_forward", "max_pool_backward"),
                "avg_pool": (
                    "avg_pool_forward",
                    "avg_pool_backward",
                    "global_avg_pool_forward",
                    "global_avg_pool_backward",
                ),
                "im2col": ("im2col", "col2im"),
                "conv_im2col": ("conv_forward_im2col", "conv_backward_im2col"),
                "winograd": ("winograd_matrices", "winograd_f2x2_3x3"),
                "separable": ("separate_kernel", "separable_conv"),
                "residual_block": ("residual_block_forward", "residual_block_backward"),
                **{
                    name: (f"{name}_forward", f"{name}_backward")
                    for name in ("spatial_batchnorm", "spatial_groupnorm")
                },
                "hdf5": ("write_hdf5", "HDF5Dataset"),
            },
        ),
        Lecture(
            "lstm",
            (
                "rnn_step",
                "rnn",
                "word_embedding",
                "temporal_affine",
                "temporal_softmax_loss",
                "lstm_step",
                "lstm",
                "gru_step",
                "lstm_packing",
                "init_lstm",
                "many_to_one_loss",
                "clipping",
                "stacked_lstm",
                "bidirectional_lstm",
                "bptt_chunks",
                "char_rnn_train_step",
                "sample",
                "beam_search",
                "spectral",
                "gradient_norm_profile",
                "exploding_counterexample",
                "sequence_claims",
                "seq2seq",
                "to_torch_lstm",
                "char_lstm",
                "train_char_lm",
            ),
            widgets=16,
            tables=2,
            cost=True,
            wordless=frozenset({"sequence_claims"}),
            several={
                **{
                    name: (f"{name}_forward", f"{name}_backward")
                    for name in (
                        *("rnn_step", "rnn", "word_embedding", "temporal_affine"),
                        *("lstm_step", "lstm", "gru_step", "stacked_lstm"),
                    )
                },
                "lstm_packing": ("lstm_weight_shape", "pack_ifog"),
                "clipping": ("clip_grad_norm", "clip_grad_value"),
                "spectral": ("spectral_radius", "spectral_norm"),
                "seq2seq": ("seq2seq_loss", "seq2seq_decode"),
                "char_lstm": ("CharLSTM",),
            },
        ),
    )
}
EXERCISES = [(lecture.name, name) for lecture in LECTURES.values() for name in lecture.exercises]


def words(text: str) -> int:
    """Words of prose: a displayed formula is a picture, an inline one a word, and of a link its
    text is read.
    """
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.S)
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    text = re.sub(r"\[([^\]]*)\]\(https[^)]*\)", r"\1", text)
    text = re.sub(r"\$[^$]*\$|`[^`]*`", "formula", text)
    return len(re.findall(r"[^\W_][\w'’-]*", text))


# --- running them ---------------------------------------------------------------------------------


def execute(name: str, folder: Path, stubs: bool = False) -> Any:
    """Run a notebook as nbconvert would, beside the exercises in a folder of its own; on the
    images that the course draws, wherever it runs.
    """
    importlib.import_module(
        "torch"
    )  # here a missing one is said; in the kernel it would be an output
    notebook: Any = nbformat.from_dict(solved_notebook(ROOT, name))
    if stubs:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = re.sub(
                    r"### BEGIN SOLUTION.*?### END SOLUTION",
                    "raise NotImplementedError()",
                    cell.source,
                    flags=re.S,
                )
    shutil.copytree(ROOT / "source" / name, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("CHAINRULE_DATA", str(folder / "no_data"))
        # What a machine has in its shared folders and its cache would change every number.
        patch.setenv("XDG_CACHE_HOME", str(folder / "no_cache"))
        place = {"metadata": {"path": str(folder)}}
        NotebookClient(notebook, timeout=900, resources=place, allow_errors=True).execute()
    return notebook


def executed(factory: pytest.TempPathFactory, name: str, stubs: bool = False) -> Any:
    """The notebook after a run, made once for all test processes; whoever comes second waits and
    reads it.
    """
    kept = folder_of_the_run(factory) / f"{name}-{'stubs' if stubs else 'solved'}.ipynb"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            nbformat.write(execute(name, kept.with_suffix(""), stubs), kept)
    return nbformat.read(kept, 4)


def outputs(cell: Any, kind: str) -> list[Any]:
    """The cell's outputs of one kind."""
    return [output for output in cell.get("outputs", []) if output.output_type == kind]


def demos(notebook: Any) -> list[Any]:
    """The cells that demonstrate something."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "demo" in cell.metadata.get("tags", [])
    ]


def shown(cell: Any) -> Iterator[dict[str, Any]]:
    """The MIME bundles of everything a cell shows."""
    for output in [*outputs(cell, "display_data"), *outputs(cell, "execute_result")]:
        yield output.data


def html(cell: Any) -> str:
    """All the HTML a cell shows."""
    return "".join(data.get("text/html", "") for data in shown(cell))


def printed(notebook: Any) -> str:
    """Everything the notebook prints."""
    return "".join(output.text for cell in notebook.cells for output in outputs(cell, "stream"))
