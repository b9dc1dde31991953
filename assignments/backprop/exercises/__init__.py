"""The backprop assignment's exercises: how each answer is called, and what must be true of it.

In the notebook's order. Students may read it.
"""

# ruff: noqa: F401, I001 - imported to be found, in the notebook's order
from .gates import add_gate, mul_gate, max_gate, staged_sigmoid_neuron
from .topological_order import topological_sort
from .graph import Value
from .second_derivatives import grad
from .broadcasting import unbroadcast, broadcast_add_backward
from .gates import gate_claims
from .layers import affine_forward, affine_backward, relu, leaky_relu, softmax_loss
from .networks import TwoLayerNet
from .batchnorm import (
    batchnorm_forward,
    batchnorm_backward,
    batchnorm_backward_alt,
    batchnorm_impostor,
)
from .layernorm import layernorm
from .layers import dropout
from .networks import FullyConnectedNet
from .initialisation import init_weights
from .training import overfit_small
from .checking import gradient_check_model, hessian_vector_product
from .training import gradient_accumulate
from .in_torch import HingeLoss
