"""The LSTM assignment's exercises: how each answer is called, and what must be true of it.

In the notebook's order. Students may read it.
"""

# ruff: noqa: F401, I001 - imported to be found, in the notebook's order
from .steps import rnn_step
from .layers import rnn
from .temporal import word_embedding, temporal_affine, temporal_softmax_loss
from .steps import lstm_step
from .layers import lstm
from .steps import gru_step, lstm_packing, init_lstm
from .many_to_one import many_to_one_loss
from .gradients import clipping
from .layers import stacked_lstm, bidirectional_lstm
from .bptt import bptt_chunks, char_rnn_train_step
from .sampling import sample
from .beam_search import beam_search
from .gradients import spectral, gradient_norm_profile, exploding_counterexample, sequence_claims
from .seq2seq import seq2seq
from .frameworks import to_torch_lstm, char_lstm
from .training import train_char_lm
