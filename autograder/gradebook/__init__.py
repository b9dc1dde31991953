"""Where nbgrader meets the grader: four extension points that ``nbgrader_config.py`` names, and a whole class at once.

    Autograde.exporter_class            SubmissionExporter   hands on the file, reads nothing: no submission can break it
    Autograde.sanitize_preprocessors    [Rebuild]            the notebook that runs, from the release and the answers
    Autograde.autograde_preprocessors   [Judge, SaveAutoGrades, Reasons, AssignLatePenalties, CheckCellMetadata]
    Autograde.pre_convert_hook          accept_renamed       a notebook handed in under another name is still graded

Everything else of nbgrader works on as it is: its gradebook, Formgrader, feedback, export.
"""
