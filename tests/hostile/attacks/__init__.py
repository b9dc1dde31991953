"""The hostile class: everybody in it, by family."""

from __future__ import annotations

from ..attack import Attack
from .breaking import BREAKING
from .displays import DISPLAYS
from .escaping import ESCAPING
from .forging import FORGING
from .lying_arrays import LYING_ARRAYS
from .means import MEANS
from .mishaps import MISHAPS
from .notebook_files import NOTEBOOK_FILES
from .reading import READING
from .resources import RESOURCES

FAMILIES: dict[str, list[Attack]] = {
    "forging": FORGING,
    "reading": READING,
    "lying arrays": LYING_ARRAYS,
    "breaking": BREAKING,
    "resources": RESOURCES,
    "escaping": ESCAPING,
    "displays": DISPLAYS,
    "notebook files": NOTEBOOK_FILES,
    "means": MEANS,
    "mishaps": MISHAPS,
}
CATALOGUE: list[Attack] = [attack for family in FAMILIES.values() for attack in family]

# Variants of what the quick class has, and attacks that take seconds: graded by `make test-long`.
_PATIENT = """
display_patched displayhook_replaced score_negative score_text numpy_saving_patched probe_names_more harness_patched
socket_four_gigabytes socket_deep_json two_faces relative_paths own_link sources_inspected environment
subclass_right matrix array_interface infinities strings list long_double exit_in_check interrupt_in_check
kills_group kills_notebook_from_check c_recursion fork_hook syntax_error segfault_in_check stubborn_check
interrupts_ignored slow_in_c regex fork_bomb thread_storm disk_many inodes deep_directory odd_files many_lines
long_error output_below display_flood memory_in_check home_write daemon_from_check tcp_from_check internet
descendant_reads show_update show_result points_negative check_ungraded ids_all_equal checks_to_raw entry_old
entry_future no_object no_cells old_format binary cells_many surrogates duplicated_all split_check entry_lost
logging prints_in_answer tabs unicode seeds shadows redefines_np int_loss torch_for_itself windows_lines
error_in_own_cell torch_renamed loop_in_vectorize loop_recursive loop_in_file wire_patched builtins_patched
score_nan score_999 points_raised probe_patched settrace socket_garbage socket_verdict allclose_poisoned
open_solved_notebook descriptors heap printed_into_feedback subclass masked backwards array_protocol big_endian
suicide six_fatal_cells recursion atexit modules_deleted abort endless_cell memory_disks daemons_by_shell
abstract_socket interpreter_write namespaces limits_raised show_type_name show_raw_cells show_stored_outputs
show_code checks_deleted checks_to_markdown empty_file deep_json huge_number odd_types metadata_gone hidden_answer
answers_elsewhere check_run_again demo_changed asks_for_input helper_cell unanswered wrong_honestly plots
solution_deleted loop loop_in_map loop_as_library counting_off torch_in_file exits stdout_closed own_modules_changed
sent_notebook_link id_renamed
"""
PATIENT = frozenset(_PATIENT.split())
QUICK: list[Attack] = [attack for attack in CATALOGUE if attack.name not in PATIENT]
SLOW: list[Attack] = [attack for attack in CATALOGUE if attack.name in PATIENT]
