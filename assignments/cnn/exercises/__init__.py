"""The CNN assignment's exercises: how each answer is called, and what must be true of it.

In the notebook's order. Students may read it.
"""

# ruff: noqa: F401, I001 - imported to be found, in the notebook's order
from .convolution import conv_forward_naive, conv_backward_naive
from .counts import output_sizes, network_summary, resnet_param_count, conv_claims
from .pooling import max_pool, avg_pool
from .convolution import im2col, conv_im2col
from .transposed import conv_forward_dilated, conv_transpose
from .fast import conv_forward_fft, conv_cost, strassen_matmul, winograd
from .stacks import receptive_field, stack_params
from .fast import separable
from .networks import residual_block
from .normalisation import spatial_batchnorm, spatial_groupnorm
from .networks import ThreeLayerConvNet
from .augmentation import random_flip_crop
from .blocks import ResidualBlock, Bottleneck, DenseBlock, InceptionModule
from .training import train_cnn
from .on_disk import hdf5
